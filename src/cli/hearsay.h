// SPDX-License-Identifier: GPL-2.0-or-later
// What DNS says of a host, or why it is not asked.
#pragma once

#include "cli/output.h"
#include "wire/control.h"

// What else is known of the host.
struct hearsay_host {
    bool is_banned;
    bool is_suspect; // at half of what bans it, or beyond
};

// Below a head, in lines of two blanks.
void hearsay_print(struct output *o, const struct control_inquiry *q,
                   const struct hearsay_host *host);

// -ENOMEM, -EIO.
int hearsay_json(struct output *o, const struct control_inquiry *q);
