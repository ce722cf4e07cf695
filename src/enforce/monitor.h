// SPDX-License-Identifier: GPL-2.0-or-later
// Hears what others do to a table of ours: `nft flush ruleset`, a deleted set, element or rule.
// Elements that expire make no sound.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct monitor;

enum { MONITOR_E_CHANGED = 1 };

// portid: whose changes are our own. table is borrowed. -errno; -ENOMEM.
int monitor_new(const char *table, uint32_t portid, struct monitor **ret);
struct monitor *monitor_free(struct monitor *m);

int monitor_fd(const struct monitor *m);

// While nobody listens the kernel need not tell, which is a good part of the time that a hundred
// thousand elements take. -errno.
int monitor_listen(struct monitor *m, bool on);

// Hears all there is to hear, without blocking. MONITOR_E_CHANGED: somebody else changed the table,
// or may have, for more happened than could be heard.
int monitor_hear(struct monitor *m);
