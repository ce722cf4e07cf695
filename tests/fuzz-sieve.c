// SPDX-License-Identifier: GPL-2.0-or-later
// Whatever the lines are, jails behind a sieve count the same hits and give the same verdicts as
// those that are fed everything. The input's first three lines are a filter: prefregex, failregex
// and ignoreregex, beside those below; what follows is a log.
#include "fuzz.h"

#include "engine/lines.h"
#include "engine/lineup.h"

enum { PATTERNS = 4, TEXT_MAX = 4096, SEED = 1 };

#define NOW (UINT64_C(1795348800) * USEC_PER_SEC)

struct kind {
    const char *prefix, *fail[PATTERNS], *ignore, *date;
    uint32_t maxlines;
};

static const struct kind kinds[] = {
    {.prefix = "^ \\S+ smtpd\\[\\d+\\]: <F-CONTENT>.+</F-CONTENT>$",
     .fail = {"^warning: \\S+\\[<ADDR>\\]: SASL \\S+ authentication failed",
              "^disconnect from \\S+\\[<ADDR>\\].* auth=<F-OK>\\d+</F-OK>/<F-TOTAL>\\d+</F-TOTAL>"},
     .ignore = "authentication failed: ok"},
    {.prefix = "^<F-MLFID> \\S+ smtpd\\[\\d+\\]</F-MLFID>: <F-CONTENT>.+</F-CONTENT> end",
     .fail = {"^<F-NOFAIL>connect</F-NOFAIL> from <ADDR>$", "^refused$",
              "^<F-MLFFORGET>disconnect</F-MLFFORGET>",
              "^<F-NOFAIL><F-MLFFORGET>quit</F-MLFFORGET></F-NOFAIL>"}},
    {.fail = {"^.*from <ADDR>$<SKIPLINES>^.*refused$"}, .maxlines = 3},
    {.fail = {"denied <ADDR>"}, .date = "^%%Y/%%m/%%d %%H:%%M:%%S"},
    {.fail = {"failed for <F-USER>\\S*</F-USER> from <ADDR>", "<ADDR>$"}},
    {.fail = {"^ \\S+ imapd\\S* (?i)bad login (?:from|by) <ADDR>", "^ \\S+ imapd: <HOST>"}},
    {.fail = {"^ mx1 \\S+ one <ADDR>", "^ mx1 \\S+ two <ADDR>", "^ mx1 \\S+ three <ADDR>",
              "^ mx1 four:$|^<ADDR>"},
     .ignore = "ignored"},
};

enum { KINDS = sizeof(kinds) / sizeof(*kinds), FILTERS = KINDS + 1 };

// The filters of the kinds are made once: compiling them takes longer than most logs. Their dates
// go by what they have seen before, but alike in both.
struct jails {
    struct filter *filter[FILTERS];
    struct jail *jail[FILTERS];
    size_t n;
};

static struct slice next_line(struct slice *bytes)
{
    const char *end = bytes->n > 0 ? memchr(bytes->p, '\n', bytes->n) : NULL;
    struct slice line = {bytes->p, end ? (size_t)(end - bytes->p) : bytes->n};

    *bytes = slice_from(*bytes, line.n + 1);
    return line;
}

// NULL where it does not compile.
static struct filter *make(const struct kind *k)
{
    struct pattern fail[PATTERNS] = {{0}}, ignore = {.text = k->ignore}, date = {.text = k->date};
    struct filter_spec spec = {.name = "fuzz",
                               .prefregex = {.text = k->prefix},
                               .failregex = fail,
                               .ignoreregex = &ignore,
                               .n_ignoreregex = k->ignore != NULL,
                               .datepattern = &date,
                               .n_datepattern = k->date != NULL,
                               .maxlines = k->maxlines};
    struct filter_error error;
    struct filter *f;

    for (; spec.n_failregex < PATTERNS && k->fail[spec.n_failregex]; spec.n_failregex++)
        fail[spec.n_failregex].text = k->fail[spec.n_failregex];
    return filter_new(&spec, &f, &error) < 0 ? NULL : f;
}

static void jails_open(struct jails *j, const struct kind *own, const struct exempt *exempt)
{
    static const struct jail_spec spec = {
        .name = "fuzz", .maxretry = 2, .findtime = 600 * USEC_PER_SEC, .sentence = {USEC_PER_SEC}};

    for (j->n = 0; j->n < KINDS; j->n++) {
        if (!j->filter[j->n])
            j->filter[j->n] = make(&kinds[j->n]);
    }
    j->filter[KINDS] = make(own);
    j->n += j->filter[KINDS] != NULL;
    for (size_t i = 0; i < j->n; i++) {
        must(j->filter[i] != NULL);
        const struct jail_filter filter = {j->filter[i], NULL, 1};
        must(jail_new(&spec, &filter, 1, exempt, SEED, &j->jail[i]) == 0);
    }
}

static void jails_close(struct jails *j)
{
    for (size_t i = 0; i < j->n; i++)
        jail_free(j->jail[i]);
    filter_free(j->filter[KINDS]);
    j->filter[KINDS] = NULL;
}

static void check_same(const struct hit *a, const struct hit *b)
{
    must(addr_compare(&a->addr, &b->addr) == 0 && a->time == b->time && a->count == b->count);
    must(a->rule == b->rule && a->hits == b->hits && a->banned == b->banned);
    must(slice_equal(a->user, b->user) && slice_equal(a->secret, b->secret));
}

// What came of a line, by jail.
struct outcome {
    struct jails *jails;
    int r[FILTERS];
    struct hit hit[FILTERS];
    struct verdict verdict[FILTERS];
};

static int take(void *user, size_t jail, unsigned filter, const struct sign *sign)
{
    struct outcome *o = user;

    o->r[jail] =
        jail_take(o->jails->jail[jail], filter, sign, NOW, &o->hit[jail], &o->verdict[jail]);
    return o->r[jail];
}

static void give(struct jails *plain, struct jails *sieved, struct lineup *l, struct line *line)
{
    struct outcome fed = {.jails = plain}, taken = {.jails = sieved};
    struct line shown = *line;

    line_take_body(&shown);
    must(lineup_line(l, &shown, NOW, take, &taken) == 0);
    for (size_t i = 0; i < plain->n; i++) {
        int r = jail_feed(plain->jail[i], line, NOW, &fed.hit[i], &fed.verdict[i]);
        must(r >= 0 && r == taken.r[i]);
        if (r > 0)
            check_same(&fed.hit[i], &taken.hit[i]);
    }
}

static void read_log(struct jails *plain, struct jails *sieved, struct slice log)
{
    struct lines lines;
    struct stamp stamp;
    struct lineup *l;
    struct slice text;

    must(lines_init(&lines, TEXT_MAX) == 0 && lineup_new(sieved->jail, sieved->n, &l) == 0);
    stamp_init(&stamp, NULL);
    while (lines_next(&lines, &log, &text)) {
        struct line line;
        stamp_line(&stamp, text, NOW, &line);
        give(plain, sieved, l, &line);
    }
    lineup_free(l);
    lines_done(&lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct jails plain, sieved;
    static const struct exempt nobody;
    struct slice bytes = {(const char *)data, size};
    char text[3][TEXT_MAX];

    for (size_t i = 0; i < 3; i++) {
        struct slice line = next_line(&bytes);
        line.n = line.n < TEXT_MAX ? line.n : TEXT_MAX - 1;
        memcpy(text[i], line.n > 0 ? line.p : "", line.n);
        text[i][line.n] = '\0';
    }
    struct kind own = {.prefix = text[0], .fail = {text[1]}, .ignore = *text[2] ? text[2] : NULL};
    jails_open(&plain, &own, &nobody);
    jails_open(&sieved, &own, &nobody);
    must(plain.n == sieved.n);
    read_log(&plain, &sieved, bytes);
    jails_close(&plain);
    jails_close(&sieved);
    return 0;
}
