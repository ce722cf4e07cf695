// SPDX-License-Identifier: GPL-2.0-or-later
// What a hook is told about a ban: the environment, and the lines that led to it on its standard
// input. What strangers wrote (users, lines) has no control characters in it: it may end in a
// mail's header or on a terminal.
#pragma once

#include "ledger/ledger.h"

#include <stdbool.h>

enum { FACTS_USER_MAX = 256, FACTS_LINES_MAX = 100 };

struct facts {
    char **environment; // ours and the facts, NULL at the end
    char *evidence;     // lines
    size_t evidence_n;
};

// user: whose login was tried last, "" where nobody knows. -ENOMEM, or what the ledger says.
int facts_gather(struct ledger *ledger, const struct ban *ban, bool is_ban, const char *user,
                 struct facts *ret);
void facts_done(struct facts *f);

// Whose login a hit was (NULL: there was none), as far as it may be told (engine/veil.h).
void facts_user(const struct hit *last, char ret[static FACTS_USER_MAX]);

// A terminated copy, cut to size - 1 bytes, with '?' for control characters.
void facts_clean(struct slice text, char *ret, size_t size);
