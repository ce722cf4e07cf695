// SPDX-License-Identifier: GPL-2.0-or-later
// What a jail's section may say. Values are checked here; one that is wrong disables its jail.
#pragma once

#include "conf/config.h"
#include "conf/interpolate.h"
#include "conf/problems.h"
#include "conf/value.h"

#include <stdio.h>

#define OPTIONS_GIVEN "jail" // the section of the ini that options_give() fills

enum option_kind {
    OPTION_UNKNOWN,
    OPTION_JAIL,     // has its effect in the jail
    OPTION_FILTER,   // replaces the filter's, or is handed to it
    OPTION_NEEDLESS, // fail2ban's, and so here in any case
    OPTION_ACTION,   // says what the jail's actions are (conf/actions.h), or serves them
};

enum option_kind options_kind(const char *name);

// The names in the tables, up to NULL, for the tests and for suggestions.
const char *options_name(size_t index, enum option_kind *ret_kind);

// Reads one option (the default where the scope has none) into draft->jail, or all of them.
// -EINVAL with problems, -ENOMEM.
int options_read_one(struct draft *d, const struct scope *s, const char *name);
int options_read(struct draft *d, const struct scope *s);

// Copies what fail2ban hands down from jails to filters to `given`, interpolated: all of it, or
// what is known before the filter is.
int options_give(const struct scope *s, bool all, struct problems *problems, struct ini *given);

// "option = value" for each, as the daemon understands it.
void options_print(const struct jail_conf *jail, FILE *out);
