// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/facts.h"

#include "engine/veil.h"
#include "scan/program.h"
#include "scan/reason.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OWN_MAX = 16 };

void facts_clean(struct slice text, char *ret, size_t size)
{
    size_t n = text.n < size - 1 ? text.n : size - 1;

    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        ret[i] = (char)(c < 0x20 || c == 0x7f ? '?' : c);
    }
    ret[n] = '\0';
}

void facts_user(const struct hit *last, char ret[static FACTS_USER_MAX])
{
    struct veil veil;

    ret[0] = '\0';
    if (!last)
        return;
    veil_find(&veil, last->text, last->secret);
    facts_clean(veil_user(&veil, last->user), ret, FACTS_USER_MAX);
}

// Adds "NAME=value"; the array has room for it.
static int set(struct facts *f, size_t *n, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int set(struct facts *f, size_t *n, const char *format, ...)
{
    va_list args;
    int r;

    va_start(args, format);
    r = vasprintf(&f->environment[*n], format, args);
    va_end(args);
    if (r < 0) {
        f->environment[*n] = NULL;
        return -ENOMEM;
    }
    (*n)++;
    return 0;
}

static int set_times(struct facts *f, size_t *n, const struct ban *ban)
{
    char time[TIME_TEXT_MAX];
    int r;

    time_format(ban->since, time);
    r = set(f, n, "TAILBAN_SINCE=%s", time);
    if (r < 0)
        return r;
    if (ban->until == USEC_FOREVER)
        return set(f, n, "TAILBAN_UNTIL=never");
    time_format(ban->until, time);
    return set(f, n, "TAILBAN_UNTIL=%s", time);
}

static int set_facts(struct facts *f, size_t *n, const struct ban *ban, bool is_ban,
                     const char *user)
{
    struct addr first = ban->net;
    char text[ADDR_TEXT_MAX];
    int r;

    first.len = 128;
    addr_format(&first, text);
    r = set(f, n, "TAILBAN_EVENT=%s", is_ban ? "ban" : "unban");
    if (r == 0)
        r = set(f, n, "TAILBAN_JAIL=%s", ban->jail);
    if (r == 0)
        r = set(f, n, "TAILBAN_ADDRESS=%s", text);
    addr_format_net(&ban->net, text);
    if (r == 0)
        r = set(f, n, "TAILBAN_NET=%s", text);
    if (r == 0)
        r = set_times(f, n, ban);
    if (r == 0)
        r = set(f, n, "TAILBAN_HITS=%u", ban->hits);
    if (r == 0)
        r = set(f, n, "TAILBAN_HOSTS=%u", ban->hosts);
    if (r == 0)
        r = set(f, n, "TAILBAN_REASON=%s", reason_word(ban));
    if (r == 0)
        r = set(f, n, "TAILBAN_NAME=%s", ban->name);
    return r < 0 ? r : set(f, n, "TAILBAN_USER=%s", user);
}

// Whether one of the first n has the name that this assignment has.
static bool is_set(const struct facts *f, size_t n, const char *assignment)
{
    size_t name = strcspn(assignment, "=") + 1;

    for (size_t i = 0; i < n; i++) {
        if (strncmp(f->environment[i], assignment, name) == 0)
            return true;
    }
    return false;
}

static int inherit(struct facts *f, size_t n)
{
    size_t own = n;

    for (char **e = environ; *e; e++) {
        if (!program_inherits(*e) || is_set(f, own, *e))
            continue;
        f->environment[n] = strdup(*e);
        if (!f->environment[n++])
            return -ENOMEM;
    }
    return 0;
}

static int put_line(void *user, const struct evidence *e)
{
    char line[EVIDENCE_TEXT_MAX + 1];

    facts_clean(e->text, line, sizeof(line));
    fprintf(user, "%s\n", line);
    return 0;
}

static int gather_evidence(struct ledger *ledger, const struct ban *ban, struct facts *f)
{
    FILE *file = open_memstream(&f->evidence, &f->evidence_n);
    int r;

    if (!file)
        return -ENOMEM;
    // A ban that could not be written has no number, and its lines are not known.
    r = ban->id ? ledger_evidence(ledger, ban->id, &ban->net, FACTS_LINES_MAX, put_line, file) : 0;
    return fclose(file) < 0 ? -ENOMEM : r;
}

int facts_gather(struct ledger *ledger, const struct ban *ban, bool is_ban, const char *user,
                 struct facts *ret)
{
    struct facts f = {0};
    size_t most = OWN_MAX + 1, n = 0;
    int r;

    for (char **e = environ; *e; e++)
        most++;
    f.environment = calloc(most, sizeof(*f.environment));
    r = f.environment ? set_facts(&f, &n, ban, is_ban, user) : -ENOMEM;
    if (r == 0)
        r = inherit(&f, n);
    if (r == 0)
        r = gather_evidence(ledger, ban, &f);
    if (r < 0) {
        facts_done(&f);
        return r;
    }
    *ret = f;
    return 0;
}

void facts_done(struct facts *f)
{
    for (char **e = f->environment; e && *e; e++)
        free(*e);
    free(f->environment);
    free(f->evidence);
    *f = (struct facts){0};
}
