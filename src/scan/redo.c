// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/redo.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { JAIL_MAX = 64 };

struct redo_entry {
    bool is_lift; // since is when
    char jail[JAIL_MAX];
    struct ban ban; // its jail is not kept
};

void redo_done(struct redo *r)
{
    free(r->entry);
    *r = (struct redo){0};
}

static int add(struct redo *r, const struct redo_entry *e, const char *jail)
{
    struct redo_entry *grown;
    size_t n = r->allocated ? r->allocated * 2 : 64;

    if (r->n == REDO_MAX || strlen(jail) >= JAIL_MAX)
        return -ENOBUFS;
    if (r->n == r->allocated) {
        grown = reallocarray(r->entry, n, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        r->entry = grown;
        r->allocated = n;
    }
    r->entry[r->n] = *e;
    strcpy(r->entry[r->n++].jail, jail);
    return 0;
}

int redo_ban(struct redo *r, const struct ban *ban)
{
    return add(r, &(struct redo_entry){.ban = *ban}, ban->jail);
}

int redo_lift(struct redo *r, const char *jail, const struct addr *net, usec_t now)
{
    struct redo_entry e = {.is_lift = true, .ban = {.net = *net, .since = now}};

    return add(r, &e, jail ? jail : "");
}

void redo_clear(struct redo *r)
{
    redo_done(r);
}

static int ignore(void *user, const struct ban *ban)
{
    (void)user;
    (void)ban;
    return 0;
}

static int write_one(const struct redo_entry *e, struct ledger *ledger)
{
    const char *jail = e->jail[0] ? e->jail : NULL;
    struct ban ban = e->ban;

    if (e->is_lift)
        return ledger_unban(ledger, jail, &ban.net, ban.since, ignore, NULL);
    ban.jail = jail;
    return ledger_ban(ledger, &ban, &ban.id, &ban.until);
}

int redo_write(const struct redo *r, struct ledger *ledger)
{
    int error = 0;

    for (size_t i = 0; i < r->n && error >= 0; i++)
        error = write_one(&r->entry[i], ledger);
    return error < 0 ? error : 0;
}
