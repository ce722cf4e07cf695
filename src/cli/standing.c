// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/standing.h"

#include "cli/grid.h"
#include "cli/jsonline.h"
#include "cli/view.h"

#include <stdarg.h>
#include <stdlib.h>

static const struct grid_column columns[] = {
    {"JAIL"}, {"COUNTED FOR"}, {"HITS", true}, {"HOSTS", true}, {"WITHIN"}, {""},
};

enum { REMARK_MAX = 256, HOMES_MAX = 16 };

// What is missing to a ban, where least is.
struct missing {
    char jail[CONTROL_NAME_MAX + 1];
    uint32_t hits, hosts; // hits 0: nothing counts
    usec_t findtime;
    bool points;
    bool fingerprints;               // or one with such a name
    char held[CONTROL_NAME_MAX + 1]; // by a cap; "": by none
    usec_t held_until;
};

struct standings {
    struct grid *grid;
    struct addr home[HOMES_MAX]; // nets of which it has been told who logs in
    size_t n_homes;
    bool are_suspect;
    struct missing missing;
};

struct standings *standings_new(void)
{
    struct standings *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->grid = grid_new(columns, sizeof(columns) / sizeof(columns[0]));
    return s->grid ? s : standings_free(s);
}

struct standings *standings_free(struct standings *s)
{
    if (s)
        grid_free(s->grid);
    free(s);
    return NULL;
}

int standings_json(struct output *o, const struct control_standing *s)
{
    struct jsonline *j = jsonline_new();

    jsonline_word(j, "type", "standing");
    jsonline_text(j, "jail", s->jail);
    jsonline_net(j, "net", &s->net);
    jsonline_number(j, "hits", s->hits);
    jsonline_number(j, "hosts", s->hosts);
    jsonline_number(j, "need_hits", s->need_hits);
    jsonline_number(j, "need_hosts", s->need_hosts);
    jsonline_span(j, "findtime", s->findtime);
    jsonline_bool(j, "exempt", s->exempt);
    jsonline_time(j, "login", s->login);
    jsonline_number(j, "login_days", s->days);
    jsonline_bool(j, "shielded", s->shielded);
    jsonline_bool(j, "fingerprints", s->fingerprints);
    jsonline_number(j, "repeats", s->repeats);
    if (s->wary)
        jsonline_bool(j, "wary", true);
    if (s->mail > 0) {
        jsonline_time(j, "mail", s->mail);
        jsonline_bool(j, "spared", s->spared > 0);
    }
    if (s->held.n > 0) {
        jsonline_text(j, "held_by", s->held);
        if (s->held_until > 0)
            jsonline_time(j, "held_until", s->held_until);
    }
    return jsonline_print(j, o->file);
}

// Remarks are separated from each other; what has no room is cut.
static void add(char text[static REMARK_MAX], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void add(char text[static REMARK_MAX], const char *format, ...)
{
    size_t n = strlen(text);
    va_list list;

    if (n > 0)
        n += (size_t)snprintf(text + n, REMARK_MAX - n, "; ");
    va_start(list, format);
    if (n < REMARK_MAX)
        vsnprintf(text + n, REMARK_MAX - n, format, list);
    va_end(list);
}

// Who logs in keeps it from being banned: a host the first time, a block always.
static void add_login(const struct output *o, const struct control_standing *s,
                      char text[static REMARK_MAX])
{
    char ago[OUTPUT_LEFT_MAX];

    output_relative(o, s->login, ago);
    if (s->days > 0)
        add(text, "logins on %u day%s, the last %s%s", s->days, s->days > 1 ? "s" : "", ago,
            s->shielded ? ": its first ban is forgone" : "");
    else
        add(text, "a login from it %s%s", ago, s->shielded ? ": not banned as a block" : "");
}

// Who delivers mail is not banned with his block.
static void add_mail(const struct output *o, const struct control_standing *s,
                     char text[static REMARK_MAX])
{
    char ago[OUTPUT_LEFT_MAX];

    output_relative(o, s->mail, ago);
    add(text, "mail accepted from it %s%s", ago,
        s->spared > 0 ? ": spared from bans of its block" : "");
}

static void add_cap(const struct output *o, const struct control_standing *s,
                    char text[static REMARK_MAX])
{
    char left[OUTPUT_LEFT_MAX];

    output_relative(o, s->held_until, left);
    if (s->held_until == USEC_FOREVER)
        add(text, "never banned as a block: %.*s", (int)s->held.n, s->held.p);
    else if (s->held_until > o->now)
        add(text, "held back by %.*s, %s", (int)s->held.n, s->held.p, left);
    else
        add(text, "was held back by a cap: the next hit asks again");
}

static void describe(const struct output *o, const struct control_standing *s,
                     char text[static REMARK_MAX])
{
    text[0] = '\0';
    if (s->exempt) {
        add(text, "exempt, never banned");
        return;
    }
    if (s->login > 0)
        add_login(o, s, text);
    // Else who owns an account there would get each of his hosts as many tries as anybody.
    if (s->wary)
        add(text, "one failure of a stranger with a name of nobody's is enough");
    if (s->mail > 0)
        add_mail(o, s, text);
    if (s->held.n > 0)
        add_cap(o, s, text);
    // The phone with an old password.
    if (s->repeats > 0)
        add(text, "%u more with the same wrong password", s->repeats);
}

// A block that somebody logs in from is none that a ban is near to, nor one that is too wide.
static void note_missing(struct missing *m, const struct control_standing *s)
{
    uint32_t hits = s->need_hits > s->hits ? s->need_hits - s->hits : 1;
    bool is_block = s->need_hosts > 1;

    if (s->hits == 0 || s->exempt || (is_block && s->shielded) ||
        (s->held.n > 0 && s->held_until == USEC_FOREVER) || (m->hits > 0 && m->hits <= hits))
        return;
    *m = (struct missing){
        .hits = hits,
        .hosts = is_block && s->need_hosts > s->hosts ? s->need_hosts - s->hosts : 0,
        .findtime = s->findtime,
        .points = s->points,
        .fingerprints = s->fingerprints,
        .held_until = s->held_until,
    };
    snprintf(m->jail, sizeof(m->jail), "%.*s", (int)s->jail.n, s->jail.p);
    snprintf(m->held, sizeof(m->held), "%.*s", (int)s->held.n, s->held.p);
}

// Who logs in, or is spared, does so for all jails: once is enough where nothing is counted.
static bool is_news(struct standings *t, const struct control_standing *s)
{
    if (s->login == 0 && s->spared == 0)
        return false;
    for (size_t i = 0; i < t->n_homes; i++) {
        if (addr_compare(&t->home[i], &s->net) == 0)
            return false;
    }
    if (t->n_homes < HOMES_MAX)
        t->home[t->n_homes++] = s->net;
    return true;
}

void standings_take(struct standings *t, const struct output *o, const struct control_standing *s)
{
    char net[ADDR_TEXT_MAX], findtime[SPAN_TEXT_MAX], remark[REMARK_MAX];

    note_missing(&t->missing, s);
    t->are_suspect |= s->need_hosts <= 1 && s->hits * UINT64_C(2) >= s->need_hits;
    if (s->hits == 0 && !s->exempt && !s->wary && s->repeats == 0 && !is_news(t, s))
        return;
    describe(o, s, remark);
    addr_format(&s->net, net);
    span_format(s->findtime, findtime);
    grid_slice(t->grid, STYLE_PLAIN, s->jail);
    grid_cell(t->grid, STYLE_PLAIN, "%s", net);
    grid_cell(t->grid, STYLE_PLAIN, "%u of %u%s", s->hits, s->need_hits,
              s->points ? " points" : "");
    if (s->need_hosts > 1)
        grid_cell(t->grid, STYLE_PLAIN, "%u of %u", s->hosts, s->need_hosts);
    else
        grid_cell(t->grid, STYLE_PLAIN, "-");
    grid_cell(t->grid, STYLE_PLAIN, "%s", findtime);
    grid_cell(t->grid, STYLE_GOOD, "%s", remark);
}

bool standings_are_suspect(const struct standings *t)
{
    return t->are_suspect;
}

static void print_held(const struct missing *m, struct output *o)
{
    char left[OUTPUT_LEFT_MAX];

    output_relative(o, m->held_until, left);
    fprintf(o->file,
            "What holds a ban back: %s is reached, %s; the next hit in jail %s after that asks "
            "again\n",
            m->held, left, m->jail);
}

void standings_print_missing(const struct standings *t, struct output *o)
{
    const struct missing *m = &t->missing;
    char findtime[SPAN_TEXT_MAX], hits[VIEW_HITS_MAX];

    if (m->hits == 0)
        return;
    if (m->held[0] != '\0' && m->held_until > o->now) {
        print_held(m, o);
        return;
    }
    span_format(m->findtime, findtime);
    fprintf(o->file, "What is missing to a ban: %s", view_hits(m->hits, " more", m->points, hits));
    if (m->hosts > 0)
        fprintf(o->file, ", from %u more host%s,", m->hosts, m->hosts > 1 ? "s" : "");
    fprintf(o->file, " within %s in jail %s%s\n", findtime, m->jail,
            m->fingerprints ? "; or one with a fingerprint" : "");
}

int standings_print(const struct standings *t, struct output *o, bool *ret_any)
{
    *ret_any = grid_rows(t->grid) > 0;
    if (!*ret_any)
        return 0;
    fprintf(o->file, "\n%sWhat counts against it now%s\n", output_on(o, STYLE_HEAD),
            output_off(o, STYLE_HEAD));
    return grid_print(t->grid, o);
}
