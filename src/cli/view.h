// SPDX-License-Identifier: GPL-2.0-or-later
// What several commands show in the same way.
#pragma once

#include "cli/output.h"
#include "wire/control.h"

// "host", "block", "manual".
const char *view_reason(enum control_reason reason);

// A ban as a line of JSON, with the keys of `list`.
int view_ban_json(struct output *o, const struct control_ban *ban);

// "postfix-auth.conf:12: error: what is wrong", or the same as JSON.
int view_problem(struct output *o, const struct control_problem *problem);

// What DONE and REFUSED report. The exit code.
int view_done(const struct control_done *done);
int view_refused(const char *what, const struct control_refused *refused);
