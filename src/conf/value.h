// SPDX-License-Identifier: GPL-2.0-or-later
// The values of a jail's options, from text and back. What is read is checked: -EINVAL with a
// problem that says what to write instead, -ENOMEM.
#pragma once

#include "conf/config.h"
#include "conf/lookup.h"
#include "conf/ports.h"
#include "conf/problems.h"

#include <stdio.h>

// A jail that is being read.
struct draft {
    struct jail_conf *jail;
    struct problems *problems;    // its pool owns what the jail points to
    struct lookup *lookup;        // of what ignoreip names
    enum ports_protocol protocol; // 0: not said
};

// key names the option in a problem; field is the member of the jail that the option sets, where it
// is one.
typedef int value_parse_fn(struct draft *d, const char *key, const struct text *value, void *field);

value_parse_fn value_parse_nothing, value_parse_bool, value_parse_backend, value_parse_logpath,
    value_parse_protocol, value_parse_port, value_parse_blocktype, value_parse_maxretry,
    value_parse_span, value_parse_span_or_forever, value_parse_ignoreip, value_parse_levels_v4,
    value_parse_levels_v6, value_parse_factor, value_parse_formula, value_parse_multipliers,
    value_parse_maxtime, value_parse_rndtime, value_parse_logencoding, value_parse_argv,
    value_parse_ignorecommand, value_parse_ignorecache, value_parse_repeats, value_parse_host_v6;

// Writes " value"; more lines are indented.
typedef void value_print_fn(const struct jail_conf *jail, const void *field, FILE *out);

value_print_fn value_print_bool, value_print_backend, value_print_filter, value_print_logpath,
    value_print_protocol, value_print_port, value_print_blocktype, value_print_maxretry,
    value_print_span, value_print_ignoreip, value_print_levels_v4, value_print_levels_v6,
    value_print_text, value_print_multipliers, value_print_argv, value_print_ignorecache,
    value_print_repeats, value_print_host_v6;

// "1", "yes", "true", "on" and their opposites, in any case. -EINVAL.
int value_bool(const char *text, bool *ret);
