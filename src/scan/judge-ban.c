// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"
#include "conf/names.h"
#include "scan/judge-own.h"

static enum judge_news news_of(const struct ban *ban, int r, usec_t now)
{
    if (ban->until <= now)
        return JUDGE_OVER;
    return r == LEDGER_E_EXTENDED ? JUDGE_EXTENDED : JUDGE_BANNED;
}

static void announce(struct judge *j, const struct cell *cell, const struct ban *ban,
                     const struct hit *last, enum judge_news news)
{
    if (news == JUDGE_BANNED)
        j->roster->cell[cell - j->roster->cell].banned++;
    j->hooks.ban(j->hooks.user, cell, ban, last, news);
}

static void on_spared(void *user, const struct addr *host, usec_t until)
{
    const struct judge *j = user;

    if (j->hooks.spare)
        j->hooks.spare(j->hooks.user, host, until);
}

static void order(struct judge *j, const struct cell *c, const struct ban *ban,
                  const struct spared *spared)
{
    // Of a jail that only watches nobody is kept out.
    if (!c->conf->watch_only)
        peers_settle(j->roster->reputation.peers, &ban->net, spared, ban->until, on_spared, j);
    j->hooks.order(j->hooks.user, c, &ban->net, ban->until);
}

// Orders a ban, keeps it, and tells of it. spared NULL: it spares nobody.
static int pass(struct judge *j, const struct cell *c, struct ban *ban, const struct spared *spared,
                const struct hit *last, usec_t now)
{
    usec_t ordered = ban->until;
    int r;

    if (ordered > now)
        order(j, c, ban, spared);
    r = books_ban(&j->books, ban, now);
    if (ban->until > ordered && ban->until > now)
        order(j, c, ban, spared);
    announce(j, c, ban, last, news_of(ban, r, now));
    return r;
}

static void spare(struct judge *j, const struct cell *c, const struct ban *ban,
                  const struct hit *last, usec_t now)
{
    char addr[ADDR_TEXT_MAX];

    addr_format(&last->addr, addr);
    log_line(LEVEL_INFO, "[%s] Ignore %s by command", c->conf->name, addr);
    books_forgive(&j->books, c->conf->name, &ban->net, now);
    if (c->jail)
        jail_forget(c->jail, &ban->net);
}

// For a ban that was decided some time ago.
static const struct spared *look_up_spared(const struct judge *j, const struct cell *c,
                                           const struct ban *ban, usec_t time, struct spared *room)
{
    const struct jail_spec *spec = &c->conf->spec;

    if (ban->reason != BAN_BLOCK)
        return NULL;
    room->n = 0;
    if (spec->shield)
        peers_within(j->roster->reputation.peers, &ban->net, time, spec->findtime, room);
    return room;
}

void judge_decide(struct judge *j, const struct ban *ban, const struct hit *last, bool is_spared,
                  usec_t now)
{
    const struct cell *c = roster_find(j->roster, slice_of(ban->jail));
    struct ban own = *ban;
    struct spared room;

    // The jail may be gone with another configuration.
    if (!c)
        return;
    own.jail = c->conf->name;
    if (is_spared)
        spare(j, c, &own, last, now);
    else
        pass(j, c, &own, look_up_spared(j, c, &own, own.since, &room), last, now);
}

void judge_sentence(struct judge *j, const struct cell *c, const struct verdict *v,
                    const struct hit *last, bool off)
{
    static const int reasons[] = {[VERDICT_HOST] = BAN_HOST,
                                  [VERDICT_BLOCK] = BAN_BLOCK,
                                  [VERDICT_FINGERPRINT] = BAN_FINGERPRINT};
    struct ban ban = {
        .jail = c->conf->name,
        .net = v->net,
        .since = v->time,
        .until = v->until,
        .hits = v->hits,
        .hosts = v->hosts,
        .need_hits = v->need_hits,
        .need_hosts = v->need_hosts,
        .findtime = v->findtime,
        .reason = reasons[v->reason],
    };
    enum judge_appeal appeal = JUDGE_GOES_ON;

    names_of_verdict(v, ban.name);
    if (off) {
        ban.since = j->now;
        ban.until = v->until == USEC_FOREVER ? v->until : usec_add(j->now, v->until - v->time);
    }
    if (c->conf->ignorecommand && j->hooks.appeal)
        appeal = j->hooks.appeal(j->hooks.user, c, &ban, last);
    if (appeal == JUDGE_GOES_ON)
        pass(j, c, &ban, v->spared, last, j->now);
    else if (appeal == JUDGE_SPARES)
        spare(j, c, &ban, last, j->now);
}

int judge_ban(struct judge *j, const struct cell *cell, const struct addr *net, usec_t span,
              usec_t now)
{
    struct ban ban = {
        .jail = cell->conf->name,
        .net = *net,
        .since = now,
        .until = usec_add(now, span ? span : cell->conf->spec.sentence.bantime),
        .reason = BAN_MANUAL,
    };
    int r;

    r = pass(j, cell, &ban, NULL, NULL, now);
    if (r < 0)
        return r;
    return r == LEDGER_E_EXTENDED ? JUDGE_E_EXTENDED : 0;
}

static bool holds_out(void *user, const char *jail, const struct addr *net, usec_t until,
                      int64_t id)
{
    const usec_t *now = user;

    (void)jail;
    (void)id;
    return addr_is_block(net) && until > *now;
}

void judge_free_net(struct judge *j, const struct roster *roster, const struct addr *net,
                    usec_t now)
{
    bool has_mail = peers_pardon(roster->reputation.peers, net);

    // A list of hosts that is lifted costs no walk for each.
    if (!has_mail || (!addr_is_block(net) && !ledger_around(j->books.ledger, net, holds_out, &now)))
        return;
    if (j->n_freed < JUDGE_FREED_MAX)
        j->freed[j->n_freed] = addr_host(net);
    j->n_freed++;
}

static bool is_freed(const struct judge *j, const struct addr *net)
{
    struct addr around = addr_host(net);

    for (size_t i = 0; i < j->n_freed && i < JUDGE_FREED_MAX; i++) {
        if (addr_within(&around, &j->freed[i]) || addr_within(&j->freed[i], &around))
            return true;
    }
    return j->n_freed > JUDGE_FREED_MAX;
}

struct respare {
    struct judge *judge;
    bool blocks; // bans that spare, or those that do not
    usec_t now;
};

static int settle_again(void *user, const struct ban *ban)
{
    const struct respare *r = user;
    struct judge *j = r->judge;
    const struct cell *c =
        is_freed(j, &ban->net) ? roster_find(j->roster, slice_of(ban->jail)) : NULL;
    const struct spared *spared;
    struct spared room;

    if (!c || c->conf->watch_only || (ban->reason == BAN_BLOCK) != r->blocks)
        return 0;
    spared = look_up_spared(j, c, ban, r->now, &room);
    peers_settle(j->roster->reputation.peers, &ban->net, spared, ban->until, on_spared, j);
    return spared && c->jail ? jail_restore_ban(c->jail, &ban->net, ban->until) : 0;
}

void judge_respare(struct judge *j, usec_t now)
{
    struct respare r = {j, false, now};
    int e;

    if (j->n_freed == 0)
        return;
    books_begin(&j->books, now);
    // Who is banned otherwise first: else he would be spared for a moment.
    e = ledger_bans(j->books.ledger, NULL, now, 0, settle_again, &r);
    r.blocks = true;
    if (e == 0)
        e = ledger_bans(j->books.ledger, NULL, now, 0, settle_again, &r);
    if (e < 0)
        log_line(LEVEL_ERROR, "out of memory: not all who deliver mail are spared again");
    j->n_freed = 0;
}

struct lifting {
    struct judge *judge;
    size_t n;
    usec_t now;
};

static int on_lifted(void *user, const struct ban *ban)
{
    struct lifting *l = user;
    struct cell *c = roster_find(l->judge->roster, slice_of(ban->jail));

    l->n++;
    caps_lift(l->judge->roster->caps, &ban->net);
    if (ban->reason == BAN_MANUAL)
        judge_free_net(l->judge, l->judge->roster, &ban->net, l->now);
    else
        peers_pardon(l->judge->roster->reputation.peers, &ban->net);
    if (c && c->jail)
        jail_forget(c->jail, &ban->net);
    if (c)
        l->judge->hooks.unban(l->judge->hooks.user, c, ban);
    return 0;
}

static int choose_all(void *user, const struct ban *ban)
{
    (void)user;
    (void)ban;
    return 1;
}

int judge_unban(struct judge *j, const struct cell *cell, const struct addr *net, usec_t now,
                size_t *ret_n)
{
    const char *jail = cell ? cell->conf->name : NULL;
    struct lifting l = {j, 0, now};
    int r;

    if (net)
        r = books_unban(&j->books, jail, net, now, on_lifted, &l);
    else
        r = books_unban_some(&j->books, jail, now, choose_all, on_lifted, &l);
    judge_respare(j, now);
    *ret_n = l.n;
    return r < 0 ? r : 0;
}

static int choose_spared(void *user, const struct ban *ban)
{
    const struct lifting *l = user;
    const struct cell *c = roster_find(l->judge->roster, slice_of(ban->jail));

    return c && exempt_touches(&c->exempt, &ban->net);
}

int judge_pardon(struct judge *j, usec_t now)
{
    struct lifting l = {j, 0, now};
    int r = books_unban_some(&j->books, NULL, now, choose_spared, on_lifted, &l);

    judge_respare(j, now);
    return r;
}

int judge_spare(struct judge *j, const struct exempt *own, usec_t now)
{
    struct exempt copy = {0};
    int r = 0;

    for (size_t i = 0; i < own->n && r == 0; i++)
        r = exempt_add(&copy, &own->net[i]);
    if (r == 0)
        r = roster_spare(j->roster, &copy);
    if (r < 0) {
        exempt_done(&copy);
        return r;
    }
    exempt_done(&j->own);
    j->own = copy;
    return judge_pardon(j, now);
}
