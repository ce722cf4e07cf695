// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/desk.h"

#include "scan/clock.h"
#include "scan/mark.h"
#include "scan/objection.h"
#include "scan/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { WHY_BANS = 16 };

// The jail that a request names. *ret is NULL where it names none. -ENOENT: refused.
static int find_jail(const struct desk *d, struct slice name, struct caller *to,
                     const struct cell **ret)
{
    const struct cell *c = name.n > 0 ? roster_find(judge_roster(d->judge), name) : NULL;

    if (name.n > 0 && !c)
        return caller_refuse(to, ENOENT, "there is no jail %.*s", (int)name.n, name.p);
    *ret = c;
    return 0;
}

static int answer_status(struct desk *d, const struct control *request, uint64_t *cursor,
                         struct caller *to)
{
    const struct cell *only;
    int r = find_jail(d, request->query.jail, to, &only);

    (void)cursor;
    return r < 0 ? r : report_status(d, only, to);
}

static int answer_list(struct desk *d, const struct control *request, uint64_t *cursor,
                       struct caller *to)
{
    const struct cell *only;
    int r = find_jail(d, request->query.jail, to, &only);

    return r < 0 ? r : report_list(d, only, cursor, to);
}

static int answer_why(struct desk *d, const struct control *request, uint64_t *cursor,
                      struct caller *to)
{
    (void)cursor;
    if (request->query.name.n > 0)
        return report_why_name(d, request->query.name, to);
    return report_why(d, &request->query.net, to);
}

static int answer_fingerprints(struct desk *d, const struct control *request, uint64_t *cursor,
                               struct caller *to)
{
    (void)cursor;
    if (request->query.name.n > 0)
        return report_name(d, request->query.name, to);
    return report_fingerprints(d, to);
}

static int answer_mark(struct desk *d, const struct control *request, uint64_t *cursor,
                       struct caller *to)
{
    (void)cursor;
    return mark_set(d, request->query.name, request->query.mark, to);
}

static int answer_ban(struct desk *d, const struct control *request, uint64_t *cursor,
                      struct caller *to)
{
    static const char manual[] = ROSTER_MANUAL;
    const struct control_query *q = &request->query;
    char net[ADDR_TEXT_MAX], buffer[OBJECTION_MAX];
    const char *why;
    const struct cell *cell;
    int r = find_jail(d, q->jail.n > 0 ? q->jail : slice_of(manual), to, &cell);

    (void)cursor;
    if (r < 0)
        return r;
    addr_format(&q->net, net);
    why = objection(judge_roster(d->judge), cell, &q->net, buffer, sizeof(buffer));
    if (why)
        return caller_refuse(to, EPERM, "%s is not banned: %s", net, why);
    r = judge_ban(d->judge, cell, &q->net, q->span, clock_now());
    if (r < 0)
        return caller_refuse(to, -r, "%s is banned, but not kept over a restart: %s", net,
                             ledger_error(d->ledger));
    caller_count(to, 1, r == JUDGE_E_EXTENDED ? 1 : 0);
    return 0;
}

struct around {
    const struct addr *net;
    usec_t now;
    struct addr found;
    char jail[CONTROL_NAME_MAX + 1];
};

static int find_around(void *user, const struct ban *ban)
{
    struct around *a = user;

    if (ban->lifted || ban->until <= a->now)
        return 0;
    a->found = ban->net;
    snprintf(a->jail, sizeof(a->jail), "%s", ban->jail);
    return -ECANCELED;
}

static int refuse_unban(struct desk *d, const struct addr *net, struct caller *to)
{
    struct around a = {.net = net, .now = clock_now()};
    char text[ADDR_TEXT_MAX], found[ADDR_TEXT_MAX];

    addr_format(net, text);
    if (ledger_bans_about(d->ledger, net, WHY_BANS, find_around, &a) != -ECANCELED)
        return caller_refuse(to, ENOENT, "%s is not banned", text);
    addr_format(&a.found, found);
    return caller_refuse(to, ENOENT, "%s is not banned by itself, but %s is, in jail %s", text,
                         found, a.jail);
}

// What still keeps a net out after an unban; jail NULL: any.
struct holding {
    const char *jail;
    usec_t now;
    bool is_spared; // from bans of blocks
    struct addr net;
    const char *found;
};

static bool holds(void *user, const char *jail, const struct addr *net, usec_t until, int64_t id)
{
    struct holding *h = user;

    (void)id;
    if (until <= h->now || (h->jail && strcmp(h->jail, jail) != 0))
        return false;
    if (h->is_spared && addr_is_block(net))
        return false;
    h->net = *net;
    h->found = jail;
    return true;
}

static int check_unbanned(struct desk *d, const struct cell *cell, const struct addr *net,
                          struct caller *to)
{
    struct holding h = {.jail = cell ? cell->conf->name : NULL, .now = clock_now()};
    char text[ADDR_TEXT_MAX], around[ADDR_TEXT_MAX];

    h.is_spared = peers_is_spared(judge_roster(d->judge)->reputation.peers, net, h.now);
    if (!ledger_around(d->ledger, net, holds, &h))
        return 0;
    addr_format(net, text);
    addr_format(&h.net, around);
    return caller_refuse(to, EEXIST,
                         "%s is unbanned by itself, but %s around it is banned in jail %s", text,
                         around, h.found);
}

// Of IPv6 it is a host, mostly a /64, that was banned when one of its addresses attacked.
static int unban_hosts(struct desk *d, const struct cell *only, const struct addr *net,
                       size_t *ret_n)
{
    const struct roster *roster = judge_roster(d->judge);
    size_t n = 0, lifted;
    int r = 0;

    for (size_t i = 0; i < roster->n && r == 0; i++) {
        const struct cell *c = &roster->cell[i];
        struct addr host = jail_spec_host(&c->conf->spec, net);
        if ((only && only != c) || addr_compare(&host, net) == 0)
            continue;
        r = judge_unban(d->judge, c, &host, clock_now(), &lifted);
        n += lifted;
    }
    *ret_n = n;
    return r;
}

static int answer_unban(struct desk *d, const struct control *request, uint64_t *cursor,
                        struct caller *to)
{
    const struct control_query *q = &request->query;
    const struct cell *cell;
    size_t n = 0;
    int r = find_jail(d, q->jail, to, &cell);

    (void)cursor;
    if (r < 0)
        return r;
    r = judge_unban(d->judge, cell, q->all ? NULL : &q->net, clock_now(), &n);
    if (r == 0 && n == 0 && !q->all && q->net.len == 128)
        r = unban_hosts(d, cell, &q->net, &n);
    if (r < 0)
        return caller_refuse(to, -r, "%s", ledger_error(d->ledger));
    caller_count(to, (uint32_t)n, 0);
    if (q->all)
        return 0;
    return n == 0 ? refuse_unban(d, &q->net, to) : check_unbanned(d, cell, &q->net, to);
}

static int answer_reload(struct desk *d, const struct control *request, uint64_t *cursor,
                         struct caller *to)
{
    int r = d->reload(d->user);

    (void)request;
    (void)cursor;
    if (r < 0)
        return caller_refuse(to, -r, "%s cannot be loaded, the former configuration goes on: %s",
                             d->config, strerror(-r));
    return report_problems(d, to);
}

static int answer_options(struct desk *d, const struct control *request, uint64_t *cursor,
                          struct caller *to)
{
    const struct cell *cell;
    int r = find_jail(d, request->query.jail, to, &cell);

    (void)cursor;
    if (r < 0)
        return r;
    return cell ? report_options(cell, to) : caller_refuse(to, EINVAL, "name a jail");
}

static int answer_watch(struct desk *d, const struct control *request, uint64_t *cursor,
                        struct caller *to)
{
    (void)d;
    (void)request;
    (void)cursor;
    caller_watch(to);
    return 0;
}

int desk_answer(void *desk, const struct control *request, uint64_t *cursor, struct caller *to)
{
    static int (*const answers[])(struct desk *, const struct control *, uint64_t *,
                                  struct caller *) = {
        [CONTROL_STATUS] = answer_status,
        [CONTROL_LIST] = answer_list,
        [CONTROL_WHY] = answer_why,
        [CONTROL_BAN] = answer_ban,
        [CONTROL_UNBAN] = answer_unban,
        [CONTROL_RELOAD] = answer_reload,
        [CONTROL_FINGERPRINTS] = answer_fingerprints,
        [CONTROL_MARK] = answer_mark,
        [CONTROL_WATCH] = answer_watch,
        [CONTROL_OPTIONS] = answer_options,
    };

    return answers[request->type](desk, request, cursor, to);
}
