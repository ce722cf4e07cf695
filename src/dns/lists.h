// SPDX-License-Identifier: GPL-2.0-or-later
// The lists to ask, and whether each can be believed: that is tried before the first question and
// from time to time, and one that cannot is left out until it can again. No clock: times are
// arguments, of any clock that does not go back.
#pragma once

#include "dns/listing.h"

// A list can be believed no longer, or again (LIST_GOOD).
typedef void list_fn(void *user, const struct dns_list *list, enum list_state state);

struct lists {
    struct resolver *resolver;   // borrowed
    const struct dns_conf *conf; // borrowed
    list_fn *fn;
    void *user;
    usec_t now;
    size_t trying; // answers to come
    struct trial {
        struct lists *lists;
        enum list_state state;
        usec_t due;
        unsigned waits;
        struct answer has, has_not;
    } trial[DNS_LISTS_MAX];
};

void lists_init(struct lists *l, struct resolver *resolver, const struct dns_conf *conf,
                list_fn *fn, void *user);

// Tries what is due. False: the answers are still to come.
bool lists_try(struct lists *l, usec_t now);

enum list_state lists_state(const struct lists *l, size_t i);

// It has just said that it does not answer us.
void lists_refused(struct lists *l, size_t i, usec_t now);
