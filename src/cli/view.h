// SPDX-License-Identifier: GPL-2.0-or-later
// What several commands show in the same way.
#pragma once

#include "cli/jsonline.h"
#include "cli/output.h"
#include "conf/config.h"
#include "wire/control.h"

// "host", "block", "manual", "fingerprint".
const char *view_reason(enum control_reason reason);

// How many hosts a ban spares, and whether an address is of one of them.
size_t view_spared(const struct control_ban *ban);
bool view_is_spared(const struct control_ban *ban, const struct addr *addr);

// A ban's fields in JSON, with the keys of `list`.
void view_ban_keys(struct jsonline *j, const struct control_ban *ban);

// A line of JSON with these. -ENOMEM, -EIO.
int view_ban_json(struct output *o, const struct control_ban *ban);

// "postfix-auth.conf:12: error: what is wrong", or the same as JSON. -ENOMEM.
int view_problem(struct output *o, const struct control_problem *problem);

// Says on standard error what is wrong with the configuration in dir, or only the errors. How many
// errors there are.
size_t view_config_problems(const struct config *c, const char *dir, bool only_errors);

// "1 hit", "7 more points": of a jail that weighs its filters hits are points. more: "" or " more".
enum { VIEW_HITS_MAX = 32 };
const char *view_hits(uint32_t n, const char *more, bool points, char ret[static VIEW_HITS_MAX]);

// ", with helo:ylmf-pc"; what strangers said is cleaned.
void view_name(struct output *o, struct slice name);

// Says why a request was refused; line: where it stood in standard input, 0: nowhere.
void view_refused(const struct control_refused *refused, unsigned line);

// "1,234,567"; "12.3 MiB".
enum { VIEW_NUMBER_MAX = 32 };
const char *view_count(uint64_t n, char ret[static VIEW_NUMBER_MAX]);
const char *view_size(uint64_t bytes, char ret[static VIEW_NUMBER_MAX]);
