// SPDX-License-Identifier: GPL-2.0-or-later
// All jails of a configuration over finished logs: what the daemon does live, without its clock,
// its ledger and its kernel. A ruling is a ban that was not in force already, or not for all whom
// it spared.
#pragma once

#include "base/table.h"
#include "conf/config.h"
#include "engine/lineup.h"

enum { COURT_BANS_MAX = 1 << 20 }; // in force at once; beyond it the oldest may be ruled again

struct ruling {
    const struct jail_conf *jail;
    struct hit hit;
    struct verdict verdict;
};

struct court {
    struct reputation reputation;
    struct caps *caps;
    struct jail_budget budget;
    struct seat {
        struct court *court;
        uint32_t number;
        const struct jail_conf *conf;
        struct jail *jail;
        bool bans_blocks; // has banned one at least
    } * seat;
    size_t n;
    struct bench { // by file: who reads it
        uint32_t *seat;
        size_t n;
        struct lineup *lineup; // shared by files that the same seats read; NULL: not made yet
        bool owns;             // the first of them has it made
    } * bench;
    size_t n_benches;
    struct table *bans; // of seat and net, to its bans
    uint64_t dice;      // bantime.rndtime's: the same in every run
};

// The configuration's usable jails; it must outlive the court. -errno; court_done() in any case.
int court_init(struct court *c, struct config *config);
void court_done(struct court *c);

// This jail (index into seat, ascending) reads that file. Before the first line. -ENOMEM.
int court_reads(struct court *c, size_t seat, unsigned file);

// A line of a file, to each jail that reads it; it gets a body. now: as for jail_feed(). fn's
// negative result is passed on; -ENOMEM.
typedef int ruling_fn(void *user, const struct ruling *r);
int court_feed(struct court *c, unsigned file, struct line *line, usec_t now, ruling_fn *fn,
               void *user);
