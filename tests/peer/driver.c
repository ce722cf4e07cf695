// SPDX-License-Identifier: GPL-2.0-or-later
// What the engine makes of filters and lines, told to judge.py. Commands, one a line:
//
//   filter DIR FILTER    "ok N", then N failregexes, one a line; or "error TEXT"
//   use I                the lines that follow are for filter number I, from 0
//   line TEXT            of a log
//   journal TEXT         of the journal, which tells the time itself: now
//   proof                "proof REGEXES MATCHES", then the regexes of all filters that are to be
//                        tried on every line, one a line, and "end"
//
// A line is answered by "missed REGEX" where a regex matched a line without a text that literal.h
// says it needs, one "hit" or "note" (informs, or waits for an address) for each failregex
// that matches it, and "end". What stands in an answer has no spaces: they are %20.
#include "base/cleanup.h"
#include "base/hash.h"
#include "base/zone.h"
#include "conf/config.h"
#include "engine/session.h"
#include "proof.h"

#include <stdio.h>
#include <stdlib.h>

enum { FILTERS_MAX = 512, NOW = 1124013600, SEED = 1 };

struct peer {
    struct config config;
    struct zone zone;
    struct stamp stamp;
    struct filter_spec spec;
    struct filter *filter;
    struct proof *proof;
    struct sessions *sessions;
};

static const usec_t now = NOW * USEC_PER_SEC;

static void say(struct slice text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c > ' ' && c < 127 && c != '%' && c != '=')
            putchar(c);
        else
            printf("%%%02x", c);
    }
}

static void say_field(const char *name, struct slice value)
{
    if (!value.p)
        return;
    printf(" %s=", name);
    say(value);
}

static void open_filter(struct peer *p, const char *dir, const char *filter)
{
    struct filter_error error = {.text = "cannot be read"};
    int r = config_filter(dir, filter, &p->config, &p->spec);

    // As in fail2ban's tests; none of their filters says anything else.
    p->spec.use_dns = true;
    if (r == 0)
        r = filter_new(&p->spec, &p->filter, &error);
    if (r < 0) {
        const struct problem *last = p->config.problem + p->config.n_problem - 1;
        printf("error ");
        say(slice_of(p->config.n_problem > 0 ? last->text : error.text));
        putchar('\n');
        return;
    }
    p->proof = proof_new(&p->spec);
    p->sessions = sessions_new(SESSIONS_MAX, SESSION_AGE_S * USEC_PER_SEC, SEED);
    zone_local(&p->zone);
    stamp_init(&p->stamp, &p->zone);
    printf("ok %zu\n", p->spec.n_failregex);
    for (size_t i = 0; i < p->spec.n_failregex; i++) {
        say(slice_of(p->spec.failregex[i].text));
        putchar('\n');
    }
}

// fail2ban's tests look no name up either: a name stands for a host of its own.
static struct addr stand_in(struct slice name)
{
    struct addr a = {.b = {0xfd}, .len = 128};
    uint64_t h = hash_bytes(name.p, name.n, SEED);

    memcpy(a.b + 1, &h, 7);
    return a;
}

static void say_match(const struct match *m, int64_t failures, const struct line *line)
{
    char host[ADDR_TEXT_MAX] = "";

    printf("%s %u %llu.%06llu", failures > 0 ? "hit" : "note", m->rule,
           (unsigned long long)(line->time / USEC_PER_SEC),
           (unsigned long long)(line->time % USEC_PER_SEC));
    if (m->has_host)
        addr_format(&m->host, host);
    say_field("host", m->id.n > 0 ? m->id : m->name.n > 0 ? m->name : slice_of(host));
    if (m->has_host && m->name.n == 0)
        say_field(addr_is_v4(&m->host) ? "ip4" : "ip6", slice_of(host));
    say_field("dns", m->name);
    say_field("user", m->user);
    say_field("users", m->users);
    printf(" attempts=%u", m->lines);
    putchar('\n');
}

static void judge(struct peer *p, struct slice text, bool journal)
{
    struct line line = {.text = text, .date = {text.p, 0}, .time = now, .dated = true};
    struct line store;
    struct match m;
    const char *missed;

    if (!journal)
        stamp_line(&p->stamp, text, now, &line);
    line = *filter_date(p->filter, &line, now, &store);
    missed = proof_line(p->proof, &line);
    if (missed) {
        printf("missed ");
        say(slice_of(missed));
        putchar('\n');
    }
    for (unsigned rule = 0; rule < p->spec.n_failregex; rule = m.rule + 1) {
        int64_t failures;
        if (filter_match_from(p->filter, &line, rule, &m) != FILTER_E_MATCH)
            break;
        if (!m.has_host && m.name.n > 0) {
            m.host = stand_in(m.name);
            m.has_host = true;
        }
        failures = sessions_merge(p->sessions, &m, line.time);
        say_match(&m, failures, &line);
    }
    puts("end");
}

static void tell_proof(const struct peer *peers, size_t n)
{
    struct proof_count sum = {0};

    for (size_t i = 0; i < n; i++)
        if (peers[i].proof)
            proof_count(peers[i].proof, &sum);
    printf("proof %zu %zu\n", sum.regexes, sum.matches);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; peers[i].proof && proof_untold(peers[i].proof, k); k++) {
            say(slice_of(proof_untold(peers[i].proof, k)));
            putchar('\n');
        }
    }
    puts("end");
}

static void peer_done(struct peer *p)
{
    filter_free(p->filter);
    proof_free(p->proof);
    sessions_free(p->sessions);
    zone_done(&p->zone);
    config_done(&p->config);
}

static bool obey(struct peer *peers, size_t *n, size_t *used, char *text)
{
    struct slice line = slice_of(text);
    char *space = strchr(text, ' '), *second = space ? strchr(space + 1, ' ') : NULL;

    if (slice_starts(line, "filter ") && second && *n < FILTERS_MAX) {
        *second = '\0';
        open_filter(&peers[(*n)++], space + 1, second + 1);
        return true;
    }
    if (slice_is(line, "proof")) {
        tell_proof(peers, *n);
        return true;
    }
    if (slice_starts(line, "use ")) {
        *used = strtoul(space + 1, NULL, 10);
        return *used < *n && peers[*used].filter;
    }
    if (!slice_starts(line, "line ") && !slice_starts(line, "journal "))
        return false;
    judge(&peers[*used], slice_of(space + 1), text[0] == 'j');
    return true;
}

int main(void)
{
    cleanup(freep) struct peer *peers = calloc(FILTERS_MAX, sizeof(*peers));
    cleanup(freep) char *text = NULL;
    size_t size = 0, n = 0, used = FILTERS_MAX;
    bool fine = peers != NULL;
    ssize_t got;

    while (fine && (got = getline(&text, &size, stdin)) > 0) {
        text[got - (text[got - 1] == '\n')] = '\0';
        fine = obey(peers, &n, &used, text);
        fflush(stdout);
    }
    for (size_t i = 0; i < n; i++)
        peer_done(&peers[i]);
    return fine ? 0 : 1;
}
