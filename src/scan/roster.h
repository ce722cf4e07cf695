// SPDX-License-Identifier: GPL-2.0-or-later
// The jails in force, made from one configuration: for each its windows and whom it spares. The
// place of a jail in the roster is its number in the orders to the enforcer.
#pragma once

#include "base/span.h"
#include "conf/config.h"
#include "engine/jail.h"
#include "engine/lineup.h"
#include "engine/reputation.h"
#include "scan/source.h"

#define ROSTER_MANUAL "manual" // the jail of bans made by hand, unless the configuration has one

struct cell {
    const struct jail_conf *conf;
    struct exempt exempt;       // ignoreip, and with ignoreself the host's own addresses
    struct jail *jail;          // NULL: nothing new is judged, but its bans stay in force
    char *problem;              // why, where there is no jail although there should be one
    usec_t heard[SOURCE_KINDS]; // the latest hit that came from files, and from journals
    uint64_t banned;            // bans made, or in force when this was loaded
};

struct roster {
    struct config config;
    struct jail_conf manual;
    struct reputation reputation; // what the jails know together
    struct caps *caps;            // and may do together
    struct jail_budget budget;
    struct cell *cell;
    size_t n;
    struct panel **panel;
    size_t n_panels;
    usec_t findtime; // the longest of any jail and its blocks
    usec_t memory;   // how far back a hit can still matter to any of them
};

// Takes the configuration over, also on failure. Jails that are not enabled have no cell; one that
// is enabled but wrong has a cell without a jail, so that a typing error lifts no bans. -E2BIG:
// more jails than orders can name. -ENOMEM.
int roster_new(struct config *config, struct roster **ret);
struct roster *roster_free(struct roster *r);

// NULL: there is no such jail.
struct cell *roster_find(const struct roster *r, struct slice name);

// Notes the time of a hit that a jail took from a source of this kind.
void roster_hear(struct cell *c, enum source_kind kind, usec_t time);

// The jails that judge the lines of a source, with what stands before them; sources that the same
// jails read share one. -ENOMEM.
struct panel {
    struct lineup *lineup;
    uint16_t *cell;
    size_t n;
};
int roster_panel(struct roster *r, const uint16_t *cell, size_t n, struct panel **ret);

// Tells the jails of the lines that passed them.
void roster_pass(struct roster *r);

// jail_next() of whichever is due first, and jail_expire() of all.
usec_t roster_next(const struct roster *r);
void roster_expire(struct roster *r, usec_t now);

// jail_recognize() of all.
int roster_recognize(struct roster *r, const struct siphash_key *key);

// Whom to spare from now on: own is what the host itself is called. -ENOMEM.
int roster_spare(struct roster *r, const struct exempt *own);
