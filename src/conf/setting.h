// SPDX-License-Identifier: GPL-2.0-or-later
// The values of the daemon's settings, from text and back.
#pragma once

#include "conf/config.h"

#include <stdio.h>

// One setting: where its value lies in struct settings, and between what it must be.
struct setting {
    const char *key;
    int (*parse)(const struct setting *t, const char *text, void *field); // -EINVAL
    void (*print)(const void *field, FILE *out);                          // " value"
    size_t offset;
    uint64_t least, most;
    const char *fallback, *advice;
    bool is_secret; // what stands there is not repeated
};

typedef int setting_parse_fn(const struct setting *t, const char *text, void *field);
typedef void setting_print_fn(const void *field, FILE *out);

setting_parse_fn setting_parse_loglevel; // int
setting_parse_fn setting_parse_span;     // usec_t; least and most too
setting_parse_fn setting_parse_number;   // uint32_t
setting_parse_fn setting_parse_size;     // uint64_t of bytes
setting_parse_fn setting_parse_names;    // char[SETTINGS_NAMES_MAX]
setting_parse_fn setting_parse_share;    // uint32_t, in millionths: "1%", "0.5%"
setting_parse_fn setting_parse_switch;   // bool
setting_parse_fn setting_parse_lists;    // struct dns_conf: its lists
setting_parse_fn setting_parse_servers;  // struct dns_conf: its servers

setting_print_fn setting_print_loglevel, setting_print_span, setting_print_number,
    setting_print_size, setting_print_names, setting_print_share, setting_print_switch,
    setting_print_lists, setting_print_servers;
