// SPDX-License-Identifier: GPL-2.0-or-later
// What clients call themselves and their users, and how such a name stands.
#pragma once

#include "cli/output.h"
#include "wire/control.h"

// Whether it may be one; an address with a typing error is none.
bool said_is_name(const char *text);

// Reads a name from the command line, with helo: or user: in front or, where that is allowed,
// without. -EINVAL: said.
int said_read(const char *text, bool without, struct slice *ret);

// "learned", "added", "in the configuration", "kept", ...
const char *said_state(const struct control_fingerprint *f);

// "helo:ylmf-pc"; what strangers said is for output_text().
enum { SAID_TEXT_MAX = CONTROL_SAID_MAX + 8 };
void said_name(const struct control_fingerprint *f, char ret[static SAID_TEXT_MAX]);

// Sentences: what it is, and the figures; or the latter only, as a line below something else.
void said_print(struct output *o, const struct control_fingerprint *f);
void said_print_figures(struct output *o, const struct control_fingerprint *f);

// A line of JSON; type NULL: without that key. -ENOMEM, -EIO.
int said_json(struct output *o, const struct control_fingerprint *f, const char *type);
