// SPDX-License-Identifier: GPL-2.0-or-later
// The id that a session is known by, also where it is kept: of a longer one its first bytes and a
// digest. Inside the engine only, but for SESSION_KEY_MAX and the buckets.
#pragma once

#include "base/slice.h"

#include <stdint.h>

enum { SESSION_KEY_MAX = 160 };

struct sessionid {
    uint8_t n;
    char text[SESSION_KEY_MAX];
};

void sessionid_set(struct sessionid *id, struct slice text);

static inline struct slice sessionid_text(const struct sessionid *id)
{
    return (struct slice){id->text, id->n};
}

// Sessions are kept by the bucket, which their ids tell.
enum { SESSION_BUCKETS = 64 };
unsigned sessionid_bucket(struct slice id);
