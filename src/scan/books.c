// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/books.h"

#include "base/log.h"

#include <errno.h>
#include <string.h>

#define PRUNE_PAUSE (3600 * USEC_PER_SEC)
#define KEEP_BANS   (90 * USEC_PER_DAY)
#define RETRY_PAUSE (5 * USEC_PER_SEC)

enum { PIECE = 256, JAIL_MAX = 64, PRUNES_MAX = 8 };

static int fail(struct books *b, int r)
{
    if (!b->is_failing)
        log_line(LEVEL_ERROR,
                 "the ledger cannot be written; until it can, bans hold but outlast no restart: %s",
                 ledger_error(b->ledger));
    b->is_failing = true;
    return r;
}

void books_done(struct books *b)
{
    if (b->is_open)
        ledger_rollback(b->ledger);
    b->is_open = false;
}

static int begin(struct books *b)
{
    int r = ledger_begin(b->ledger);

    b->is_open = r == 0;
    b->writes = 0;
    return r;
}

int books_begin(struct books *b, usec_t now)
{
    int r;

    b->now = now;
    if (b->is_open)
        return 0;
    r = begin(b);
    if (r < 0)
        return fail(b, r);
    b->opened = now;
    return 0;
}

int books_commit(struct books *b, int r)
{
    int error = 0;

    if (!b->is_open)
        return r;
    if (r < 0)
        ledger_rollback(b->ledger);
    else
        error = ledger_commit(b->ledger);
    b->is_open = false;
    if (r == 0 && error == 0) {
        if (b->is_failing)
            log_line(LEVEL_NOTICE, "the ledger can be written again");
        b->is_failing = false;
        return 0;
    }
    fail(b, r < 0 ? r : error);
    // Bans are still to be written.
    if (begin(b) == 0)
        b->opened = usec_add(b->now, RETRY_PAUSE);
    return r < 0 ? r : error;
}

// A transaction in which something failed tells nothing any more.
static int check(struct books *b, int r)
{
    return r < 0 ? books_commit(b, r) : r;
}

int books_hit(struct books *b, const char *jail, const struct hit *hit, const char *source,
              usec_t now)
{
    int r = books_begin(b, now);

    if (b->is_failing)
        return -EIO;
    b->writes++;
    return r < 0 ? r : check(b, ledger_hit(b->ledger, jail, hit, source));
}

int books_ban(struct books *b, struct ban *ban, usec_t now)
{
    // Where nothing can be written, the ledger remembers it.
    books_begin(b, now);
    b->writes++;
    return ledger_ban(b->ledger, ban, now, &ban->id, &ban->until);
}

int books_forgive(struct books *b, const char *jail, const struct addr *net, usec_t now)
{
    int r = books_begin(b, now);

    b->writes++;
    return r < 0 ? r : check(b, ledger_forgive(b->ledger, jail, net, now));
}

int books_unban(struct books *b, const char *jail, const struct addr *net, usec_t now, ban_fn *fn,
                void *user)
{
    books_begin(b, now);
    b->writes++;
    return ledger_unban(b->ledger, jail, net, now, fn, user);
}

// What walks the ledger must not change it, so bans are chosen first and lifted then, in pieces.
struct piece {
    ban_fn *choose;
    void *user;
    int64_t last;
    size_t n;
    struct chosen {
        char jail[JAIL_MAX];
        struct addr net;
    } ban[PIECE];
};

static int add_chosen(void *user, const struct ban *ban)
{
    struct piece *p = user;
    struct chosen *c = &p->ban[p->n];

    if (p->n == PIECE)
        return -ENOBUFS;
    p->last = ban->id;
    if (strlen(ban->jail) < sizeof(c->jail) && p->choose(p->user, ban) == 1) {
        strcpy(c->jail, ban->jail);
        c->net = ban->net;
        p->n++;
    }
    return 0;
}

int books_unban_some(struct books *b, const char *jail, usec_t now, ban_fn *choose, ban_fn *fn,
                     void *user)
{
    struct piece p = {.choose = choose, .user = user};
    int r = -ENOBUFS;

    while (r == -ENOBUFS) {
        int error = 0;
        p.n = 0;
        r = ledger_bans(b->ledger, jail, now, p.last, add_chosen, &p);
        for (size_t i = 0; i < p.n && error >= 0; i++)
            error = books_unban(b, p.ban[i].jail, &p.ban[i].net, now, fn, user);
        if (error < 0)
            return error;
    }
    return r < 0 ? r : 0;
}

void books_prune(struct books *b, usec_t memory, usec_t now)
{
    bool is_over = ledger_is_over(b->ledger);
    int r = 1;

    if (b->is_failing || (now < b->prune && !is_over) || books_begin(b, now) < 0)
        return;
    // In a flood as often as it takes to drop more than came in since the last time.
    for (int i = 0; i < (is_over ? PRUNES_MAX : 1) && r > 0; i++)
        r = ledger_prune(b->ledger, now, usec_sub(now, memory), usec_sub(now, KEEP_BANS));
    books_commit(b, r < 0 ? r : 0);
    b->prune = r > 0 ? now : usec_add(now, PRUNE_PAUSE);
}
