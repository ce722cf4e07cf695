// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/report-own.h"

#include "scan/alarms.h"
#include "scan/clock.h"
#include "scan/cover.h"
#include "scan/reason.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct slice report_text(const char *s)
{
    return s ? slice_of(s) : (struct slice){"", 0};
}

static void add_cover(const struct desk *d, const struct cell *c, const struct ban *b,
                      struct control_ban *to)
{
    const struct roster *roster = judge_roster(d->judge);
    struct cover cover;

    if (b->lifted || b->until <= clock_now() ||
        !cover_find(d->ledger, roster, c, &b->net, b->until, b->id, &cover))
        return;
    to->cover = (uint64_t)cover.id;
    to->cover_net = cover.net;
    to->cover_jail = slice_of(cover.jail);
}

static_assert((int)PEERS_TEXT_MAX <= (int)CONTROL_SPARED_MAX, "a record has room for all spared");

// Whom the ban of a block goes past now.
static struct slice spared_by(const struct desk *d, const struct ban *b,
                              char room[static PEERS_TEXT_MAX])
{
    struct peers *peers = judge_roster(d->judge)->reputation.peers;
    struct spared spared = {.n = 0};
    struct peers_host next;
    usec_t now = clock_now();

    if (b->reason != BAN_BLOCK || b->lifted || b->until <= now)
        return (struct slice){0};
    for (bool more = peers_next_spared(peers, &b->net, now, NULL, &next);
         more && spared.n < PEERS_SPARED_MAX;
         more = peers_next_spared(peers, &b->net, now, &spared.host[spared.n - 1], &next))
        spared.host[spared.n++] = next.host;
    return peers_text(&spared, room);
}

struct control_ban report_ban(const struct desk *d, const struct ban *b,
                              char spared[static PEERS_TEXT_MAX])
{
    const struct cell *c = roster_find(judge_roster(d->judge), slice_of(b->jail));
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
        .points = c && config_weighs(c->conf),
        .spared = spared_by(d, b, spared),
    };

    if (c)
        add_cover(d, c, b, &record);
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

int report_refuse(const struct desk *d, int r, struct caller *to)
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
        .refusal = report_text(link_refused(d->link) > 0 ? strerror(link_refusal(d->link)) : NULL),
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
        .text = report_text(advice_on(s->error)),
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
        .filter = report_text(c->conf->filters),
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
        .text = report_text(c->problem),
        .points = config_weighs(c->conf),
    };
    return caller_put(to, &record);
}

static int put_alarm(const char *text, bool is_warning, struct caller *to)
{
    struct control record = {.type = CONTROL_IS_PROBLEM};

    record.problem = (struct control_problem){.warning = is_warning, .text = slice_of(text)};
    return caller_put(to, &record);
}

static int put_ledger_alarms(const struct desk *d, struct caller *to)
{
    char text[CONTROL_TEXT_MAX], damage[LEDGER_DAMAGE_MAX];
    int r = d->trouble[0] ? put_alarm(d->trouble, false, to) : 0;

    if (r >= 0 && judge_is_failing(d->judge)) {
        snprintf(text, sizeof(text), "the ledger cannot be written, so bans outlast no restart: %s",
                 ledger_error(d->ledger));
        r = put_alarm(text, false, to);
    }
    if (r >= 0 && ledger_damaged(d->ledger) > 0) {
        ledger_damage_text(d->ledger, damage);
        snprintf(text, sizeof(text), "parts of the ledger were damaged and are set aside: %s",
                 damage);
        r = put_alarm(text, true, to);
    }
    return r;
}

static int put_alarms(const struct desk *d, struct caller *to)
{
    const struct caps *caps = judge_roster(d->judge)->caps;
    char text[ALARM_TEXT_MAX], trouble[WITNESS_TEXT_MAX];
    int r = put_ledger_alarms(d, to);

    if (r >= 0 && link_is_late(d->link))
        r = put_alarm("tailban-enforce does not answer: new bans are not in force until it does",
                      false, to);
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
        record.problem = (struct control_problem){
            p->severity == PROBLEM_WARNING, report_text(p->file), p->line, report_text(p->text)};
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
    char spared[PEERS_TEXT_MAX];
    struct control record = {.type = CONTROL_IS_BAN, .ban = report_ban(l->desk, ban, spared)};
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
    return report_refuse(d, r, to);
}
