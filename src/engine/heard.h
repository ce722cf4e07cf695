// SPDX-License-Identifier: GPL-2.0-or-later
// Deliveries (<F-DELIVERED>) that were told of within PEERS_FRESH, by the last word of their line:
// who sends a thousand mails a day is learned of some times, and no regex is run on the rest.
#pragma once

#include "engine/filter.h"
#include "engine/peers.h"

// Of three that are to lie in the same place the latest two stay; longer words are not kept.
enum { HEARD_MAX = 1 << 11, HEARD_TEXT_MAX = 103 };

struct heard;

// NULL: out of memory.
struct heard *heard_new(void);
struct heard *heard_free(struct heard *h);

// Whether a delivery with this line's last word was noted less than PEERS_FRESH before. Where the
// word does not tell all of it, its client included, it is not noted.
bool heard_has(const struct heard *h, struct slice body, usec_t time);
void heard_note(struct heard *h, struct slice body, const struct match *m, usec_t time);
