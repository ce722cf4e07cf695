// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/report-own.h"

#include "scan/clock.h"

#include <assert.h>

enum { WHY_BANS = 16, WHY_LINES = 100, WHY_NAMED_LINES = 20 };

struct why {
    const struct desk *desk;
    struct caller *to;
    uint64_t ban;
    bool is_named;            // a name was asked about, and has been told of
    bool is_by_name;          // this ban is, and its name has been told of
    struct report_said *said; // NULL: nobody wants to know
};

static int put_evidence(void *user, const struct evidence *e)
{
    struct why *w = user;
    const struct cell *c = roster_find(judge_roster(w->desk->judge), slice_of(e->jail));
    struct control record = {.type = CONTROL_IS_EVIDENCE};

    record.evidence = (struct control_evidence){
        .ban = w->ban,
        .jail = slice_of(e->jail),
        .addr = e->addr,
        .time = e->time,
        .count = e->count,
        .source = report_text(e->source),
        .text = e->text,
        .rule = report_text(e->rule),
        .user = e->user,
        .helo = e->helo,
        .points = c && config_weighs(c->conf),
    };
    // Of lines that led to a ban the names tell why they counted for more.
    for (enum fingerprint_kind kind = 0; kind < FINGERPRINT_KINDS && !w->is_by_name; kind++) {
        const struct name name = {kind, kind == FINGERPRINT_HELO ? e->helo : e->user, &e->addr};
        report_note(w->desk, &name, w->ban > 0, w->said);
    }
    return caller_put(w->to, &record);
}

static int put_why_ban(void *user, const struct ban *ban)
{
    struct why *w = user;
    char spared[PEERS_TEXT_MAX];
    struct control record = {.type = CONTROL_IS_BAN, .ban = report_ban(w->desk, ban, spared)};
    int r = caller_put(w->to, &record);

    if (r >= 0 && ban->name[0] && !w->is_named)
        r = report_name(w->desk, slice_of(ban->name), w->to);
    w->ban = (uint64_t)ban->id;
    w->is_by_name = ban->name[0] != '\0';
    return r < 0 ? r
                 : ledger_evidence(w->desk->ledger, ban->id, &ban->net, WHY_LINES, put_evidence, w);
}

// Who logged in from there, and what that is worth to it.
static void add_login(const struct reputation *reputation, const struct jail_spec *spec,
                      bool is_host, usec_t now, struct control_standing *s)
{
    struct shield *shield = reputation->shield;
    struct shield_host host;

    if (is_host && shield_look(shield, &s->net, now, &host)) {
        s->login = host.last;
        s->days = host.days;
        s->shielded = spec->shield && shield_trusts(shield, &s->net, now);
    } else if (!is_host && shield_covers(shield, &s->net, now, &s->login)) {
        s->shielded = spec->shield;
    }
}

static void add_mail(const struct reputation *reputation, usec_t now, struct control_standing *s)
{
    struct peers_host host;

    if (!peers_look(reputation->peers, &s->net, &host))
        return;
    s->mail = host.mail;
    s->spared = host.spared > now ? host.spared : 0;
}

// That the level is over its thresholds, and which cap is in the way of its ban. text is borrowed.
static void add_cap(const struct caps *caps, char text[static CAPS_TEXT_MAX],
                    struct control_standing *s)
{
    struct caps_refusal refusal;

    if (s->hits < s->need_hits || s->hosts < s->need_hosts ||
        !caps_refused(caps, &s->net, &refusal))
        return;
    caps_text(caps, refusal.cap, text);
    s->held = slice_of(text);
    s->held_until = refusal.until;
}

static int put_standing(const struct roster *roster, const struct cell *c, const struct addr *net,
                        usec_t now, struct caller *to)
{
    struct jail_standing level[1 + NETBLOCK_LEVELS_MAX];
    size_t n = c->jail ? jail_look(c->jail, net, now, level) : 0;
    char cap[CAPS_TEXT_MAX];
    int r = 0;

    for (size_t i = 0; i < n && r >= 0; i++) {
        struct control record = {.type = CONTROL_IS_STANDING};
        record.standing = (struct control_standing){
            .jail = slice_of(c->conf->name),
            .net = level[i].net,
            .hits = level[i].hits,
            .hosts = level[i].hosts,
            .need_hits = level[i].need_hits,
            .need_hosts = level[i].need_hosts,
            .findtime = level[i].findtime,
            .exempt = exempt_touches(&c->exempt, &level[i].net),
            .fingerprints = c->conf->spec.fingerprints,
            .wary = jail_is_wary(c->jail, &level[i].net, now),
            .points = config_weighs(c->conf),
        };
        add_login(&roster->reputation, jail_spec(c->jail), i == 0, now, &record.standing);
        if (i == 0)
            add_mail(&roster->reputation, now, &record.standing);
        add_cap(roster->caps, cap, &record.standing);
        if (i == 0 && jail_repeats(c->jail))
            record.standing.repeats = repeats_look(jail_repeats(c->jail), net, now);
        r = caller_put(to, &record);
    }
    return r;
}

int report_bans_about(const struct desk *d, const struct addr *net, const char *name,
                      struct report_said *said, struct caller *to)
{
    struct why w = {.desk = d, .to = to, .is_named = !net, .said = said};

    return report_refuse(d,
                         net ? ledger_bans_about(d->ledger, net, WHY_BANS, put_why_ban, &w)
                             : ledger_bans_named(d->ledger, name, WHY_BANS, put_why_ban, &w),
                         to);
}

int report_lines(const struct desk *d, enum fingerprint_kind kind, const char *family,
                 struct caller *to)
{
    struct why w = {.desk = d, .to = to};

    return report_refuse(
        d, ledger_evidence_named(d->ledger, kind, family, WHY_NAMED_LINES, put_evidence, &w), to);
}

static_assert((int)CONTROL_INQUIRY_NOT_ASKED == (int)INQUIRY_NOT_ASKED &&
                  (int)CONTROL_INQUIRY_PRIVATE == (int)INQUIRY_PRIVATE &&
                  (int)CONTROL_INQUIRY_ASKING == (int)INQUIRY_ASKING &&
                  (int)CONTROL_INQUIRY_ASKED == (int)INQUIRY_ASKED &&
                  (int)CONTROL_NAMES_SILENT == (int)NAMES_SILENT &&
                  (int)CONTROL_NAMES_FOREIGN == (int)NAMES_FOREIGN,
              "the wire numbers what DNS knows as src/dns does");

// Of a block nothing is asked.
static int put_inquiry(const struct desk *d, const struct addr *net, struct caller *to)
{
    struct control record = {.type = CONTROL_IS_INQUIRY, .inquiry.state = CONTROL_INQUIRY_OFF};
    struct witness_view v;

    if (addr_is_block(net))
        return 0;
    if (witness_look(d->witness, net, &v))
        record.inquiry = (struct control_inquiry){
            .state = (enum control_inquiry_state)v.of.state,
            .time = usec_sub(clock_now(), v.of.age),
            .weight = v.of.weight,
            .text = slice_of(v.of.text),
            .names = (enum control_names)v.of.gist.names,
            .clean = slice_of(v.clean),
            .silent = slice_of(v.silent),
        };
    return caller_put(to, &record);
}

int report_why(const struct desk *d, const struct addr *net, struct caller *to)
{
    const struct roster *roster = judge_roster(d->judge);
    struct report_said said = {.n = 0};
    struct why w = {.desk = d, .to = to, .said = &said};
    int r = report_bans_about(d, net, NULL, &said, to);

    for (size_t i = 0; i < roster->n && r >= 0; i++)
        r = put_standing(roster, &roster->cell[i], net, clock_now(), to);
    if (r >= 0)
        r = put_inquiry(d, net, to);
    if (r >= 0)
        r = report_refuse(d, ledger_evidence(d->ledger, 0, net, WHY_LINES, put_evidence, &w), to);
    return r < 0 ? r : report_said(&said, to);
}
