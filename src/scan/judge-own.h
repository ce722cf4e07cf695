// SPDX-License-Identifier: GPL-2.0-or-later
// A judge from within, for the files that it is made of: judge.c has the way of a line to a
// verdict, judge-ban.c that of a verdict to a ban, and of bans to their end.
#pragma once

#include "scan/alarms.h"
#include "scan/books.h"
#include "scan/judge.h"

// Nets whose ban by hand is over, at a time; of more, all bans are settled again.
enum { JUDGE_FREED_MAX = 16 };

struct judge {
    struct books books;
    const struct zone *zone;
    struct siphash_key key;
    bool has_key;
    struct judge_hooks hooks;
    struct exempt own;
    struct roster *roster;
    struct intake *intake;
    usec_t expire;               // when memory is to be freed
    usec_t now;                  // of the piece being read
    const struct source *source; // of the line being judged
    struct judge_counters counters;
    struct alarms alarms;
    struct addr freed[JUDGE_FREED_MAX];
    size_t n_freed;
};

// Makes a ban of a verdict, unless somebody has a say against it. last: the hit that led to it;
// off: the clock of its log is, so that the ban runs from now on.
void judge_sentence(struct judge *j, const struct cell *c, const struct verdict *v,
                    const struct hit *last, bool off);

// A ban by hand is over, in whose net somebody may be whom bans of blocks are to spare again.
void judge_free_net(struct judge *j, const struct roster *roster, const struct addr *net,
                    usec_t now);

// Settles anew whom the bans spare that lie in or around what is free since: as each jail's next
// verdict would. Two walks of all bans do for all those nets.
void judge_respare(struct judge *j, usec_t now);
