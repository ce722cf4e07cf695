// SPDX-License-Identifier: GPL-2.0-or-later
// Real lines, and what mutations make of them, through all filters of a configuration, with and
// without a sieve: sieve-logs MUTATIONS CONFIG LOGS... Each is dated anew as well, as no sieve
// keeps back a line without a stamp.
#include "base/cleanup.h"
#include "base/zone.h"
#include "conf/config.h"
#include "engine/lines.h"
#include "engine/stamp.h"

#include "random.h"
#include "twins.h"

#include <fts.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINES_KEPT = 32768, TEXT_MAX = 4096 };

static const usec_t now = UINT64_C(1796083200) * USEC_PER_SEC; // 2026-12-01

struct logs {
    char *line[LINES_KEPT]; // with their newlines
    size_t n;
    struct stamp stamp;
    uint64_t random;
};

static bool add_filters(struct twins *t, const char *root, struct config *config)
{
    static const char *const folders[] = {"filters", "filter.d"};

    for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
        char pattern[TEXT_MAX], name[64];
        glob_t found;
        snprintf(pattern, sizeof(pattern), "%s/%s/*.conf", root, folders[i]);
        if (glob(pattern, 0, NULL, &found) != 0)
            continue;
        for (size_t k = 0; k < found.gl_pathc; k++) {
            struct filter_spec spec;
            if (sscanf(strrchr(found.gl_pathv[k], '/'), "/%63[^.]", name) == 1 &&
                config_filter(root, name, config, &spec) == 0)
                twins_add(t, &spec);
        }
        globfree(&found);
    }
    return twins_count(t).filters > 0;
}

static void read_log(struct logs *l, const char *path)
{
    cleanup(fclosep) FILE *file = fopen(path, "re");
    cleanup(freep) char *text = NULL;
    size_t size = 0;
    ssize_t n;

    while (file && l->n < LINES_KEPT && (n = getline(&text, &size, file)) > 0) {
        if (n < TEXT_MAX / 4 && text[n - 1] == '\n' && strlen(text) == (size_t)n)
            l->line[l->n++] = strdup(text);
    }
}

static bool read_logs(struct logs *l, char **path)
{
    FTS *tree = fts_open(path, FTS_LOGICAL | FTS_NOCHDIR, NULL);

    for (FTSENT *e; tree && (e = fts_read(tree));) {
        if (e->fts_info == FTS_F)
            read_log(l, e->fts_path);
    }
    if (tree)
        fts_close(tree);
    return l->n > 0;
}

// A line cut, spliced with another, doubled in part, or with a byte changed. With its newline.
static size_t mutate(struct logs *l, const char *line, char ret[static TEXT_MAX])
{
    const char *other = l->line[random_below(&l->random, (uint32_t)l->n)];
    size_t n = strlen(line) - 1, m = strlen(other) - 1;
    size_t at = random_below(&l->random, (uint32_t)n + 1);
    size_t from = random_below(&l->random, (uint32_t)(n > m ? m : n) + 1);

    memcpy(ret, line, n);
    switch (random_below(&l->random, 4)) {
    case 0: // a piece of another in its place
        memcpy(ret + at, other + from, m - from);
        n = at + m - from;
        break;
    case 1: // a piece left out
        at = at > from ? at : from;
        memmove(ret + from, ret + at, n - at);
        n -= at - from;
        break;
    case 2: // a piece twice
        memcpy(ret + at, line + from, n - from);
        n = at + n - from;
        break;
    default:
        if (n > 0)
            ret[at % n] = (char)random_below(&l->random, 256);
    }
    for (size_t i = 0; i < n; i++)
        ret[i] = ret[i] == '\n' ? ' ' : ret[i];
    ret[n] = '\n';
    return n;
}

// Every filter is shown all lines without a stamp, and searches them for a date in many ways: a few
// of them do.
static bool judge(struct logs *l, struct twins *t, char *text, size_t n)
{
    struct line line;
    const char *lost;

    stamp_line(&l->stamp, (struct slice){text, n}, now, &line);
    if (!line.dated && random_below(&l->random, 16) > 0)
        return true;
    lost = twins_line(t, &line, now);
    if (lost)
        fprintf(stderr, "filter %s: %.*s\n", lost, (int)n, text);
    return !lost;
}

// What stands behind the date, or a space and the whole line.
static size_t undate(struct logs *l, const char *line, char ret[static TEXT_MAX])
{
    struct slice text = {line, strlen(line) - 1};
    struct line stamped;

    stamp_line(&l->stamp, text, now, &stamped);
    if (stamped.dated && stamped.date.p == text.p)
        text = slice_from(text, stamped.date.n);
    else
        *ret++ = ' ';
    memcpy(ret, text.p, text.n + 1);
    ret[text.n + 1] = '\0';
    return strlen(ret) - 1;
}

static bool run(struct logs *l, struct twins *t, unsigned mutations)
{
    static const char date[] = "Nov 22 03:12:34";

    for (size_t i = 0; i < l->n; i++) {
        char text[sizeof(date) + TEXT_MAX], undated[TEXT_MAX], *behind = text + strlen(date);
        undate(l, l->line[i], undated);
        strcpy(stpcpy(text, date), undated);
        if (!judge(l, t, l->line[i], strlen(l->line[i]) - 1) ||
            !judge(l, t, text, strlen(text) - 1))
            return false;
        for (unsigned k = 0; k < mutations; k++) {
            size_t n = mutate(l, l->line[i], text);
            if (!judge(l, t, text, n))
                return false;
            strcpy(text, date);
            n = mutate(l, undated, behind);
            if (!judge(l, t, text, strlen(date) + n))
                return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    struct logs *l = calloc(1, sizeof(*l));
    struct twins *t = twins_new();
    struct config config = {0};
    struct zone zone;
    struct twins_count sum;
    bool fine = argc > 3 && l && t && zone_fixed(0, &zone) == 0;

    if (!fine)
        return 2;
    l->random = 1;
    stamp_init(&l->stamp, &zone);
    fine = add_filters(t, argv[2], &config);
    fine = fine && read_logs(l, argv + 3) && run(l, t, (unsigned)atoi(argv[1]));
    sum = twins_count(t);
    printf("%zu filters, %zu lines, %zu comparisons, %zu matches; %zu chosen\n", sum.filters,
           sum.lines, sum.filters * sum.lines, sum.matches, sum.asked);
    for (size_t i = 0; i < l->n; i++)
        free(l->line[i]);
    twins_free(t);
    config_done(&config);
    zone_done(&zone);
    free(l);
    return fine && sum.matches > 0 ? 0 : 1;
}
