// SPDX-License-Identifier: GPL-2.0-or-later
// Answers to the operator's requests, made from the parts of the running daemon.
#pragma once

#include "scan/caller.h"
#include "scan/hooks.h"
#include "scan/judge.h"
#include "scan/link.h"
#include "scan/witness.h"

struct desk {
    struct judge *judge;
    struct link *link;
    struct ledger *ledger;
    const char *trouble; // with its file, "": none
    const struct hooks *hooks;
    const struct witness *witness;
    const char *config; // its folder
    usec_t started, loaded;
    int (*reload)(void *user); // reads the configuration again; -errno: the former one goes on
    void *user;
};

// An answer_fn; user is the desk.
int desk_answer(void *desk, const struct control *request, uint64_t *cursor, struct caller *to);
