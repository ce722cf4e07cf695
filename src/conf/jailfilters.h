// SPDX-License-Identifier: GPL-2.0-or-later
// The filters that a jail names: fail2ban's one, or several, each with options and a weight.
#pragma once

#include "conf/definition.h"
#include "conf/interpolate.h"
#include "conf/jailread.h"
#include "conf/value.h"

struct jailfilters {
    struct ini *given; // what they see of the jail
    struct ini *known; // what the jail sees of its only one
    struct definition definition[JAIL_FILTERS_MAX];
    size_t n;
};

// -ENOMEM. jailfilters_done() in any case.
int jailfilters_init(struct jailfilters *f);
void jailfilters_done(struct jailfilters *f);

// Where the jail's options are looked up: %(known/…)s in the filter, where it names one.
struct scope jailfilters_scope(const struct jailfilters *f, const struct jailread *r,
                               const struct jail_conf *jail);

// Opens those that it names, before its other options are read. -EINVAL with problems, -ENOMEM.
int jailfilters_open(struct jailfilters *f, const struct jailread *r, struct draft *d);

// What they come to, with the journal entries that any of them wants, into the draft's jail.
int jailfilters_read(struct jailfilters *f, const struct jailread *r, struct draft *d);

// "option = value" for what an only filter comes to, as if the jail said all of it itself. Of
// several, what the jail says to all of them, and as a comment what each comes to.
void jailfilters_print(const struct jail_conf *jail, FILE *out);
