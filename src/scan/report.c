// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/report.h"

#include "scan/alarms.h"
#include "scan/clock.h"
#include "scan/cover.h"
#include "scan/reason.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WHY_BANS = 16, WHY_LINES = 100, WHY_NAMED_LINES = 20 };

static struct slice text_of(const char *s)
{
    return s ? slice_of(s) : (struct slice){"", 0};
}

static void add_cover(const struct desk *d, const struct ban *b, struct control_ban *to)
{
    const struct roster *roster = judge_roster(d->judge);
    const struct cell *c = roster_find(roster, slice_of(b->jail));
    struct cover cover;

    if (!c || b->lifted || b->until <= clock_now() ||
        !cover_find(d->ledger, roster, c, &b->net, b->until, b->id, &cover))
        return;
    to->cover = (uint64_t)cover.id;
    to->cover_net = cover.net;
    to->cover_jail = slice_of(cover.jail);
}

static struct control_ban ban_record(const struct desk *d, const struct ban *b)
{
    struct control_ban record = {
        .id = (uint64_t)b->id,
        .jail = slice_of(b->jail),
        .net = b->net,
        .since = b->since,
        .until = b->until,
        .lifted = b->lifted,
        .hits = b->hits,
        .hosts = b->hosts,
        .need_hits = b->need_hits,
        .need_hosts = b->need_hosts,
        .findtime = b->findtime,
        .reason = reason_of(b),
        .name = slice_of(b->name),
    };

    add_cover(d, b, &record);
    return record;
}

static uint64_t memory_in_use(void)
{
    FILE *f = fopen("/proc/self/statm", "re");
    unsigned long size, resident = 0;

    if (f) {
        if (fscanf(f, "%lu %lu", &size, &resident) != 2)
            resident = 0;
        fclose(f);
    }
    return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

// What the ledger says where it failed: an empty answer would say that there is nothing.
static int refuse(const struct desk *d, int r, struct caller *to)
{
    return r < 0 && r != -ENOMEM ? caller_refuse(to, -r, "%s", ledger_error(d->ledger)) : r;
}

static int count_fingerprint(void *user, const struct fingerprint_standing *s,
                             enum fingerprint_kind kind)
{
    (void)kind;
    *(uint64_t *)user += s->is_fingerprint;
    return 0;
}

static int put_daemon(const struct desk *d, uint64_t bans, usec_t now, struct caller *to)
{
    const struct logs *logs = intake_logs(judge_intake(d->judge));
    struct judge_counters counters = judge_counters(d->judge);
    struct control record = {.type = CONTROL_IS_DAEMON};
    struct hooks_counters hooks = hooks_counters(d->hooks);
    uint64_t overlong = journals_overlong(intake_journals(judge_intake(d->judge)));
    const struct reputation *reputation = &judge_roster(d->judge)->reputation;
    uint64_t fingerprints = 0, shielded = 0;
    size_t hosts, blocks;

    fingerprints_list(reputation->fingerprints, now, count_fingerprint, &fingerprints);
    shield_count(reputation->shield, &hosts, &blocks);
    for (size_t i = 0; i < judge_roster(d->judge)->n; i++) {
        const struct cell *c = &judge_roster(d->judge)->cell[i];
        shielded += c->jail ? jail_counters(c->jail)->shielded : 0;
    }
    for (size_t i = 0; i < logs_count(logs); i++)
        overlong += logs_at(logs, i)->lines.overlong;
    record.daemon = (struct control_daemon){
        .version = slice_of(TAILBAN_VERSION),
        .config = slice_of(d->config),
        .pid = (uint32_t)getpid(),
        .now = now,
        .started = d->started,
        .loaded = d->loaded,
        .enforcer = link_is_enforced(d->link),
        .bans = bans,
        .lines = counters.lines,
        .hits = counters.hits,
        .overlong = overlong,
        .memory = memory_in_use(),
        .hooks = hooks.run,
        .hooks_failed = hooks.failed,
        .hooks_dropped = hooks.dropped,
        .refused = link_refused(d->link),
        .refusal = text_of(link_refused(d->link) > 0 ? strerror(link_refusal(d->link)) : NULL),
        .fingerprints = fingerprints,
        .login_hosts = hosts,
        .login_blocks = blocks,
        .shielded = shielded,
    };
    return caller_put(to, &record);
}

static int put_dns(const struct desk *d, struct caller *to)
{
    struct control record = {.type = CONTROL_IS_DNS};
    struct inquiry_counters c;

    if (!witness_counters(d->witness, &c))
        return 0;
    record.dns = (struct control_dns){
        .hosts = c.hosts,
        .listed = c.listed,
        .cached = c.cached,
        .dropped = c.dropped,
        .asked = c.questions.asked,
        .answered = c.questions.answered,
        .failed = c.questions.failed,
        .silence = c.questions.silence,
    };
    return caller_put(to, &record);
}

static enum control_source_state state_of(const struct tail *t)
{
    if (t->source.error < 0)
        return CONTROL_UNREADABLE;
    if (!follow_is_open(t->follow))
        return CONTROL_WAITING;
    return follow_is_live(t->follow) ? CONTROL_LIVE : CONTROL_READING;
}

static const char *advice_on(int error)
{
    if (error == -EACCES)
        return "Permission denied; give group adm the right to read it, see tailband(8)";
    return error < 0 ? strerror(-error) : NULL;
}

static int put_source(const struct source *s, enum control_source_state state, uint64_t size,
                      uint64_t offset, struct caller *to)
{
    struct control record = {.type = CONTROL_IS_SOURCE};

    record.source = (struct control_source){
        .path = slice_of(s->name),
        .state = state,
        .size = size,
        .offset = offset,
        .lines = s->n_lines,
        .last = s->last,
        .text = text_of(advice_on(s->error)),
    };
    return caller_put(to, &record);
}

static int put_journals(const struct desk *d, const struct cell *only, struct caller *to)
{
    const struct journals *journals = intake_journals(judge_intake(d->judge));
    const struct roster *roster = judge_roster(d->judge);
    int r = 0;

    for (size_t i = 0; i < journals_count(journals) && r >= 0; i++) {
        struct journal_state s = journals_at(journals, i);
        enum control_source_state state = s.source->error < 0 ? CONTROL_UNREADABLE
                                          : s.source->ready   ? CONTROL_READING
                                          : s.has_entries     ? CONTROL_LIVE
                                                              : CONTROL_WAITING;
        if (!only || source_has(s.source, (uint16_t)(only - roster->cell)))
            r = put_source(s.source, state, 0, 0, to);
    }
    return r;
}

// Whether another jail waits for the same logs and has been listed already.
static bool is_repeated(const struct logpath *path, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (strcmp(path[k].glob, path[i].glob) == 0)
            return true;
    }
    return false;
}

static int put_logs(const struct desk *d, const struct cell *only, struct caller *to)
{
    const struct roster *roster = judge_roster(d->judge);
    const struct logs *logs = intake_logs(judge_intake(d->judge));
    const struct logpath *path;
    size_t n = logs_paths(logs, &path);
    int r = 0;

    for (size_t i = 0; i < logs_count(logs) && r >= 0; i++) {
        const struct tail *t = logs_at(logs, i);
        if (!only || source_has(&t->source, (uint16_t)(only - roster->cell)))
            r = put_source(&t->source, state_of(t), follow_size(t->follow),
                           follow_offset(t->follow), to);
    }
    for (size_t i = 0; i < n && r >= 0; i++) {
        struct control record = {.type = CONTROL_IS_SOURCE,
                                 .source = {.path = slice_of(path[i].glob)}};
        bool wanted = only ? &roster->cell[path[i].cell] == only : !is_repeated(path, i);
        if (!path[i].matched && wanted)
            r = caller_put(to, &record);
    }
    return r;
}

static int put_jail(const struct cell *c, uint64_t bans, struct caller *to)
{
    static const struct jail_counters none;
    const struct jail_counters *n = c->jail ? jail_counters(c->jail) : &none;
    struct control record = {.type = CONTROL_IS_JAIL};

    record.jail = (struct control_jail){
        .name = slice_of(c->conf->name),
        .filter = text_of(c->conf->filters),
        .active = !c->problem,
        .bans = bans,
        .lines = n->lines,
        .matched = n->matched,
        .hits = n->hits,
        .ignored = n->ignored,
        .exempt = n->exempt,
        .informed = n->informed,
        .limits = n->limits,
        .verdicts = n->verdicts,
        .no_address = n->no_address,
        .tracked = c->jail ? jail_tracked(c->jail) : 0,
        .evicted = c->jail ? jail_evicted(c->jail) : 0,
        .banned = c->banned,
        .successes = n->successes,
        .shielded = n->shielded,
        .repeats = n->repeats,
        .maxretry = c->conf->spec.maxretry,
        .findtime = c->conf->spec.findtime,
        .bantime = c->conf->spec.sentence.bantime,
        .text = text_of(c->problem),
    };
    return caller_put(to, &record);
}

static int put_alarm(const char *text, bool is_warning, struct caller *to)
{
    struct control record = {.type = CONTROL_IS_PROBLEM};

    record.problem = (struct control_problem){.warning = is_warning, .text = slice_of(text)};
    return caller_put(to, &record);
}

static int put_alarms(const struct desk *d, struct caller *to)
{
    const struct caps *caps = judge_roster(d->judge)->caps;
    char text[ALARM_TEXT_MAX], trouble[WITNESS_TEXT_MAX];
    int r = 0;

    if (judge_is_failing(d->judge)) {
        snprintf(text, sizeof(text), "the ledger cannot be written, so bans outlast no restart: %s",
                 ledger_error(d->ledger));
        r = put_alarm(text, false, to);
    }
    for (enum cap cap = 0; cap < CAP_N && r >= 0; cap++) {
        if (alarms_text(caps, cap, clock_now(), text))
            r = put_alarm(text, false, to);
    }
    for (size_t i = 0; i < DNS_LISTS_MAX && r >= 0; i++) {
        if (witness_trouble(d->witness, i, trouble))
            r = put_alarm(trouble, true, to);
    }
    return r;
}

int report_problems(const struct desk *d, struct caller *to)
{
    const struct config *config = &judge_roster(d->judge)->config;
    int r = 0;

    for (size_t i = 0; i < config->n_problem && r >= 0; i++) {
        const struct problem *p = &config->problem[i];
        struct control record = {.type = CONTROL_IS_PROBLEM};
        record.problem = (struct control_problem){p->severity == PROBLEM_WARNING, text_of(p->file),
                                                  p->line, text_of(p->text)};
        r = caller_put(to, &record);
    }
    return r;
}

int report_status(const struct desk *d, const struct cell *only, struct caller *to)
{
    const struct roster *roster = judge_roster(d->judge);
    int r = put_daemon(d, ledger_in_force(d->ledger, NULL), clock_now(), to);

    if (r >= 0)
        r = put_dns(d, to);
    if (r >= 0)
        r = put_logs(d, only, to);
    if (r >= 0)
        r = put_journals(d, only, to);
    for (size_t i = 0; i < roster->n && r >= 0; i++) {
        const struct cell *c = &roster->cell[i];
        if (!only || only == c)
            r = put_jail(c, ledger_in_force(d->ledger, c->conf->name), to);
    }
    if (r >= 0)
        r = put_alarms(d, to);
    return r < 0 ? r : report_problems(d, to);
}

struct ban_list {
    const struct desk *desk;
    struct caller *to;
    uint64_t *cursor;
};

static int list_ban(void *user, const struct ban *ban)
{
    struct ban_list *l = user;
    struct control record = {.type = CONTROL_IS_BAN, .ban = ban_record(l->desk, ban)};
    int r;

    if (!caller_has_room(l->to))
        return -ENOBUFS;
    r = caller_put(l->to, &record);
    if (r == 0)
        *l->cursor = (uint64_t)ban->id;
    return r;
}

int report_list(const struct desk *d, const struct cell *only, uint64_t *cursor, struct caller *to)
{
    struct ban_list l = {d, to, cursor};
    int r = ledger_bans(d->ledger, only ? only->conf->name : NULL, clock_now(), (int64_t)*cursor,
                        list_ban, &l);
    if (r == -ENOBUFS)
        return CALLER_E_MORE;
    return refuse(d, r, to);
}

struct why {
    const struct desk *desk;
    struct caller *to;
    uint64_t ban;
    bool is_named;           // a name was asked about, and has been told of
    struct report_said said; // in lines that led to no ban
};

static int put_evidence(void *user, const struct evidence *e)
{
    struct why *w = user;
    struct control record = {.type = CONTROL_IS_EVIDENCE};

    record.evidence = (struct control_evidence){
        .ban = w->ban,
        .jail = slice_of(e->jail),
        .addr = e->addr,
        .time = e->time,
        .count = e->count,
        .source = text_of(e->source),
        .text = e->text,
        .rule = text_of(e->rule),
        .user = e->user,
        .helo = e->helo,
    };
    if (w->ban == 0) {
        report_note(w->desk, &(struct name){FINGERPRINT_HELO, e->helo, &e->addr}, &w->said);
        report_note(w->desk, &(struct name){FINGERPRINT_USER, e->user, &e->addr}, &w->said);
    }
    return caller_put(w->to, &record);
}

static int put_why_ban(void *user, const struct ban *ban)
{
    struct why *w = user;
    struct control record = {.type = CONTROL_IS_BAN, .ban = ban_record(w->desk, ban)};
    int r = caller_put(w->to, &record);

    if (r >= 0 && ban->name[0] && !w->is_named)
        r = report_name(w->desk, slice_of(ban->name), w->to);

    w->ban = (uint64_t)ban->id;
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

static int put_standing(const struct reputation *reputation, struct cell *c, const struct addr *net,
                        usec_t now, struct caller *to)
{
    struct jail_standing level[1 + NETBLOCK_LEVELS_MAX];
    size_t n = c->jail ? jail_look(c->jail, net, now, level) : 0;
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
        };
        add_login(reputation, jail_spec(c->jail), i == 0, now, &record.standing);
        if (i == 0 && jail_repeats(c->jail))
            record.standing.repeats = repeats_look(jail_repeats(c->jail), net, now);
        r = caller_put(to, &record);
    }
    return r;
}

int report_bans_about(const struct desk *d, const struct addr *net, const char *name,
                      struct caller *to)
{
    struct why w = {.desk = d, .to = to, .is_named = !net};

    return refuse(d,
                  net ? ledger_bans_about(d->ledger, net, WHY_BANS, put_why_ban, &w)
                      : ledger_bans_named(d->ledger, name, WHY_BANS, put_why_ban, &w),
                  to);
}

int report_lines(const struct desk *d, enum fingerprint_kind kind, const char *family,
                 struct caller *to)
{
    struct why w = {.desk = d, .to = to};

    return refuse(
        d, ledger_evidence_named(d->ledger, kind, family, WHY_NAMED_LINES, put_evidence, &w), to);
}

int report_why(const struct desk *d, const struct addr *net, struct caller *to)
{
    const struct roster *roster = judge_roster(d->judge);
    struct why w = {.desk = d, .to = to};
    int r = report_bans_about(d, net, NULL, to);

    for (size_t i = 0; i < roster->n && r >= 0; i++)
        r = put_standing(&roster->reputation, &roster->cell[i], net, clock_now(), to);
    if (r >= 0)
        r = refuse(d, ledger_evidence(d->ledger, 0, net, WHY_LINES, put_evidence, &w), to);
    return r < 0 ? r : report_said(&w.said, to);
}
