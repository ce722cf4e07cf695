// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/sessionid.h"

#include <stdio.h>
#include <string.h>

enum { DIGEST_TEXT = 16 };

// FNV-1a (Fowler, Noll, Vo). Not seeded, as keys outlive the process; whoever finds two ids with
// the same digest has merged two of his own sessions.
static uint64_t digest(struct slice id)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < id.n; i++)
        h = (h ^ (uint8_t)id.p[i]) * UINT64_C(0x100000001b3);
    return h;
}

// Six bits, mixed, as ids differ by little.
unsigned sessionid_bucket(struct slice id)
{
    return (unsigned)(digest(id) * UINT64_C(0x9e3779b97f4a7c15) >> 58);
}

// Written where it is to be: to copy what has just been written by bytes makes the processor wait.
void sessionid_set(struct sessionid *id, struct slice text)
{
    char tail[DIGEST_TEXT + 1];

    memset(id, 0, sizeof(*id));
    id->n = (uint8_t)(text.n <= SESSION_KEY_MAX ? text.n : SESSION_KEY_MAX);
    memcpy(id->text, text.p, id->n);
    if (text.n > SESSION_KEY_MAX) {
        snprintf(tail, sizeof(tail), "%016llx", (unsigned long long)digest(text));
        memcpy(id->text + SESSION_KEY_MAX - DIGEST_TEXT, tail, DIGEST_TEXT);
    }
}
