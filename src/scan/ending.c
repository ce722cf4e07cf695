// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/ending.h"

#include <errno.h>

struct telling {
    struct ending *ending;
    ban_fn *fn;
    void *user;
    size_t n;
};

int ending_init(struct ending *e, struct ledger *ledger, usec_t now)
{
    *e = (struct ending){.ledger = ledger, .told = now, .told_id = INT64_MAX};
    return ledger_next_end(ledger, now, &e->next);
}

void ending_ban(struct ending *e, usec_t until, usec_t now)
{
    // So that one which had ended before it was written is not told.
    if (e->next > now && now > e->told) {
        e->told = now;
        e->told_id = INT64_MAX;
    }
    if (until > now && until < e->next)
        e->next = until;
}

usec_t ending_due(const struct ending *e)
{
    return e->next;
}

static int tell(void *user, const struct ban *ban)
{
    struct telling *t = user;

    if (t->n == ENDING_PIECE)
        return -ENOBUFS;
    t->n++;
    t->ending->told = ban->until;
    t->ending->told_id = ban->id;
    return t->fn(t->user, ban);
}

int ending_tell(struct ending *e, usec_t now, ban_fn *fn, void *user)
{
    struct telling t = {e, fn, user, 0};
    int r = ledger_ended(e->ledger, e->told, e->told_id, now, tell, &t);

    // The rest is due at once.
    if (r == -ENOBUFS)
        return 0;
    if (r == 0) {
        e->told = now;
        e->told_id = INT64_MAX;
        r = ledger_next_end(e->ledger, now, &e->next);
    }
    // A ledger that fails is not asked all the time.
    if (r < 0)
        e->next = usec_add(now, USEC_PER_SEC);
    return r;
}
