// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/inject.h"

#include <ctype.h>

#define OTHER_V4 "198.51.100.66"
#define OTHER_V6 "2001:db8:51::66"

enum {
    TEXT_MAX = SPECIMEN_MAX,
    GAPS_MAX = PLACES_MAX + 1,
    NEGATIVE_MIN = 128 // a set of so many bytes says what is not in it
};

// Where a stranger may write.
struct gap {
    size_t from, to;
    const struct byteset *set; // NULL: any byte
    bool name;                 // of a host, its address behind it
    bool believed;             // holds what the set says and nothing else
    struct slice run;          // as the user wrote it
};

// A line that is taken apart.
struct target {
    struct probe *probe;
    unsigned rule;
    struct slice line;
    struct addr address;
    size_t from, to; // of the address
    struct gap gap[GAPS_MAX];
    size_t n;
    uint64_t *budget;
    bool strict; // only what the field's set holds
};

// What is written there: text, with the other address for %; or a piece of the line itself, with
// the other address in place of its own.
enum piece {
    PIECE_NONE,
    PIECE_AROUND, // what stands between the fields next to the address
    PIECE_TO,     // from the field to the address
    PIECE_REST,   // from the field to the end
    PIECE_BEGIN,  // from the beginning to the address
    PIECE_LINE    // all of it
};

static const struct payload {
    const char *before;
    enum piece piece;
    const char *after;
} payloads[] = {
    {"", PIECE_AROUND, ""},
    {"", PIECE_TO, ""},
    {"", PIECE_REST, ""},
    {"", PIECE_REST, " "},
    {"", PIECE_BEGIN, ""},
    {" ", PIECE_LINE, ""},
    {"", PIECE_LINE, ""},
    {"\"", PIECE_REST, "\""},
    {" ", PIECE_AROUND, " "},
    {">", PIECE_AROUND, ""},
    {"%", PIECE_NONE, ""},
    {" % ", PIECE_NONE, ""},
    {"[%]", PIECE_NONE, ""},
    {" [%] ", PIECE_NONE, ""},
    {"(%)", PIECE_NONE, ""},
    {"<%>", PIECE_NONE, ""},
    {"\"%\"", PIECE_NONE, ""},
    {"'%'", PIECE_NONE, ""},
    {"%]", PIECE_NONE, ""},
    {"[%", PIECE_NONE, ""},
    {"@%", PIECE_NONE, ""},
    {"[%]: SASL", PIECE_NONE, ""},
    {"]: SASL ", PIECE_NONE, ""},
    {" from %", PIECE_NONE, ""},
    {" from unknown[%]", PIECE_NONE, ""},
    {" from unknown[%]: ", PIECE_NONE, ""},
    {"rip=%", PIECE_NONE, ""},
    {", rip=%, ", PIECE_NONE, ""},
    {">, rip=%, lip=192.0.2.10, ", PIECE_NONE, ""},
    {" rhost=% ", PIECE_NONE, ""},
    {"user=<", PIECE_NONE, ""},
};

struct text {
    char p[TEXT_MAX];
    size_t n;
    bool failed;
};

static void add(struct text *t, struct slice s)
{
    if (t->failed || s.n > sizeof(t->p) - t->n) {
        t->failed = true;
        return;
    }
    if (s.n > 0)
        memcpy(t->p + t->n, s.p, s.n);
    t->n += s.n;
}

static void add_with_address(struct text *t, const char *format, const char *other)
{
    for (; *format; format++) {
        if (*format == '%')
            add(t, slice_of(other));
        else
            add(t, (struct slice){format, 1});
    }
}

// A piece of the line, the other address in it.
static void add_piece(struct text *t, const struct target *g, size_t from, size_t to,
                      const char *other)
{
    from = from < g->from ? from : g->from;
    to = to > g->to ? to : g->to;
    add(t, (struct slice){g->line.p + from, g->from - from});
    add(t, slice_of(other));
    add(t, (struct slice){g->line.p + g->to, to - g->to});
}

static void around(const struct target *g, size_t *ret_from, size_t *ret_to)
{
    *ret_from = 0;
    *ret_to = g->line.n;
    for (size_t i = 0; i < g->n; i++) {
        const struct gap *f = &g->gap[i];
        if (f->to <= g->from && f->to > *ret_from)
            *ret_from = f->to;
        if (f->from >= g->to && f->from < *ret_to)
            *ret_to = f->from;
    }
}

static void write_payload(const struct target *g, const struct gap *f, const struct payload *y,
                          const char *other, struct text *ret)
{
    size_t from, to;

    ret->n = 0;
    ret->failed = false;
    around(g, &from, &to);
    add_with_address(ret, y->before, other);
    switch (y->piece) {
    case PIECE_NONE:
        break;
    case PIECE_AROUND:
        add_piece(ret, g, from, to, other);
        break;
    case PIECE_TO:
        add_piece(ret, g, f->to, g->to, other);
        break;
    case PIECE_REST:
        add_piece(ret, g, f->to, g->line.n, other);
        break;
    case PIECE_BEGIN:
        add_piece(ret, g, 0, g->to, other);
        break;
    case PIECE_LINE:
        add_piece(ret, g, 0, g->line.n, other);
        break;
    }
    add(ret, slice_of(y->after));
}

// Whether a server can have written the address and this next to each other: it would read as one.
static bool runs_together(char c)
{
    return isalnum((unsigned char)c) || strchr(".:-_/", c);
}

static bool fits(const struct target *g, const struct gap *f, struct slice payload, size_t from,
                 size_t to)
{
    static const char in_names[] = ".-_:";

    if (payload.n == 0 || memchr(payload.p, '\n', payload.n) ||
        (to == g->from && runs_together(payload.p[payload.n - 1])) ||
        (from == g->to && runs_together(payload.p[0])))
        return false;
    for (size_t i = 0; f->name && i < payload.n; i++)
        if (!isalnum((unsigned char)payload.p[i]) && !strchr(in_names, payload.p[i]))
            return false;
    // What the set holds is tried in one round, the rest in the other.
    return g->strict == (!f->set || byteset_holds(f->set, payload)) && (g->strict || !f->believed);
}

static bool differs(struct target *g, struct slice line, struct lint_finding *ret)
{
    struct match m;

    if (*g->budget > 0)
        --*g->budget;
    if (probe_match(g->probe, line, NULL, &m) != FILTER_E_MATCH)
        return false;
    // A success accuses nobody, nor does another regex that takes the line without an address.
    if (m.gained)
        return false;
    if (m.has_host ? addr_compare(&m.host, &g->address) == 0 : m.rule != g->rule)
        return false;
    ret->pattern = &g->probe->spec->failregex[m.rule];
    ret->has_found = m.has_host;
    ret->found = m.host;
    return true;
}

// Replaces line[from..to] by the payload.
static bool try_at(struct target *g, const struct gap *f, struct slice payload, size_t from,
                   size_t to, struct specimen *ret_line, struct lint_finding *ret)
{
    struct text line = {.n = 0};

    if (!fits(g, f, payload, from, to))
        return false;
    add(&line, (struct slice){g->line.p, from});
    add(&line, payload);
    add(&line, slice_from(g->line, to));
    if (line.failed || !differs(g, (struct slice){line.p, line.n}, ret))
        return false;
    memcpy(ret_line->text, line.p, line.n);
    ret_line->n = line.n;
    ret->kind = g->strict ? LINT_INJECTION : LINT_FIELD;
    ret->run = f->run;
    ret->address = g->address;
    return true;
}

static bool try_field(struct target *g, const struct gap *f, const struct payload *y,
                      const char *other, struct specimen *ret_line, struct lint_finding *ret)
{
    struct text payload;
    size_t middle = f->from + (f->to - f->from) / 2;
    const size_t place[][2] = {
        {f->from, f->to}, {f->from, f->from}, {middle, middle}, {f->to, f->to}};

    write_payload(g, f, y, other, &payload);
    if (payload.failed)
        return false;
    for (size_t i = 0; i < sizeof(place) / sizeof(*place); i++) {
        if (i > 0 && place[i][0] == place[i - 1][0] && place[i][1] == place[i - 1][1])
            continue;
        if (try_at(g, f, (struct slice){payload.p, payload.n}, place[i][0], place[i][1], ret_line,
                   ret))
            return true;
    }
    return false;
}

static bool try_all(struct target *g, struct specimen *ret_line, struct lint_finding *ret)
{
    static const char *const others[] = {OTHER_V4, OTHER_V6};

    for (size_t y = 0; y < sizeof(payloads) / sizeof(*payloads); y++)
        for (size_t i = 0; i<g->n && * g->budget> 0; i++)
            for (size_t o = 0; o < 2; o++)
                if (try_field(g, &g->gap[i], &payloads[y], others[o], ret_line, ret))
                    return true;
    return false;
}

// The piece of the user's own text that a node was read from.
static struct slice written(const struct probe *p, unsigned rule, const struct place *place)
{
    const struct tree *t = place->tree;
    bool prefix = t == &p->prefix.tree;
    struct slice text = slice_of(prefix ? p->spec->prefregex.text : p->spec->failregex[rule].text);
    size_t from = draft_origin(&t->regex, t->node[place->node].start);
    size_t end = t->node[place->node].end, to = end < t->regex.n ? t->regex.from[end] : text.n;

    return (struct slice){text.p + from, to > from ? to - from : 0};
}

static const struct byteset *set_of(const struct place *place)
{
    return &place->tree->node[place->tree->node[place->node].first].set;
}

// Whether it stands where the logger writes.
static bool is_ahead(const struct place *place)
{
    return tree_is_anchored(place->tree) &&
           place->tree->node[place->node].end <= place->tree->header;
}

// How many of the printable bytes but the blank a set shuts out.
static unsigned shut_out(const struct byteset *set)
{
    unsigned n = 0;

    for (unsigned c = '!'; c <= '~'; c++)
        n += !byteset_has(set, (unsigned char)c);
    return n;
}

// Whether a name was given to what it takes: the user's, the client's.
static bool is_named(const struct place *place)
{
    const struct tree *t = place->tree;

    for (uint32_t i = place->node; i != NODE_NONE; i = t->node[i].parent)
        if (t->node[i].kind == NODE_GROUP && t->node[i].group < t->names.n)
            return true;
    return false;
}

static bool is_believed(const struct target *g, const struct place *place)
{
    const struct byteset *set = set_of(place);

    if (byteset_count(set) < NEGATIVE_MIN || (is_ahead(place) && shut_out(set) > 0) ||
        (place->from >= g->to && shut_out(set) > 1))
        return true;
    return !byteset_has(set, ' ') && (shut_out(set) > 0 || !is_named(place));
}

// Whether the logger wrote it: a blank ends it.
static bool is_header(const struct place *place)
{
    return is_ahead(place) && !byteset_has(set_of(place), ' ');
}

static bool is_name(const struct target *g, const struct place *place)
{
    const struct byteset *set = set_of(place);

    return place->to < g->line.n && g->line.p[place->to] == '[' &&
           (place->to == g->from || place->to + 1 == g->from) &&
           (!byteset_has(set, '[') || !byteset_has(set, ' '));
}

static void find_address(struct target *g, const struct places *places)
{
    g->from = g->to = g->line.n;
    for (size_t i = places->n; i-- > 0;) {
        const struct place *place = &places->at[i];
        if (place->tree->node[place->node].kind == NODE_ADDRESS && place->to > place->from) {
            g->from = place->from;
            g->to = place->to;
        }
    }
    // <ADDR> takes brackets as well, which are the server's.
    while (g->from < g->to && g->line.p[g->from] == '[')
        g->from++;
    while (g->from < g->to && g->line.p[g->to - 1] == ']')
        g->to--;
}

static bool aim(struct target *g)
{
    struct places places;

    if (!probe_places(g->probe, g->line, g->rule, &places))
        return false;
    find_address(g, &places);
    if (g->from == g->to)
        return false;
    for (size_t i = 0; i < places.n; i++) {
        const struct place *place = &places.at[i];
        if (place->tree->node[place->node].kind == NODE_ADDRESS || is_header(place))
            continue;
        g->gap[g->n++] = (struct gap){place->from,           place->to,
                                      set_of(place),         is_name(g, place),
                                      is_believed(g, place), written(g->probe, g->rule, place)};
    }
    // Behind the match stands what the regex does not care about: a stranger's HELO, say.
    if (!tree_is_closed(&g->probe->rule[g->rule].tree))
        g->gap[g->n++] = (struct gap){.from = places.match_end, .to = places.match_end};
    return true;
}

bool inject_try(struct probe *p, unsigned rule, struct slice line, uint64_t *budget,
                struct specimen *ret_line, struct lint_finding *ret)
{
    struct target g = {.probe = p, .rule = rule, .line = line, .budget = budget};
    struct match m;

    if (probe_match(p, line, &rule, &m) != FILTER_E_MATCH || !m.has_host || !aim(&g))
        return false;
    g.address = m.host;
    g.strict = true;
    if (try_all(&g, ret_line, ret))
        return true;
    g.strict = false;
    return try_all(&g, ret_line, ret);
}

// What another program of the same log may write, the quoted text in between.
static const struct {
    const char *before, *after;
} quotes[] = {
    {"mail postfix/cleanup[4711]: 4A1B2C3D: message-id=<", ">"},
    {"mail postfix/cleanup[4711]: 4A1B2C3D: warning: header Subject: ", ""},
};

bool inject_quote(struct probe *p, unsigned rule, struct slice line, struct specimen *ret_line,
                  struct lint_finding *ret)
{
    uint64_t budget = sizeof(quotes) / sizeof(*quotes);
    struct target g = {.probe = p, .rule = rule, .line = line, .budget = &budget};
    struct match m;

    if (probe_match(p, line, &rule, &m) != FILTER_E_MATCH || !m.has_host || !aim(&g))
        return false;
    g.address = m.host;
    for (size_t i = 0; i < sizeof(quotes) / sizeof(*quotes); i++) {
        struct text text = {.n = 0};
        add(&text, slice_of(quotes[i].before));
        add_piece(&text, &g, 0, line.n, addr_is_v4(&m.host) ? OTHER_V4 : OTHER_V6);
        add(&text, slice_of(quotes[i].after));
        if (text.failed || !differs(&g, (struct slice){text.p, text.n}, ret) || !ret->has_found)
            continue;
        memcpy(ret_line->text, text.p, text.n);
        ret_line->n = text.n;
        ret->kind = LINT_SHAPE;
        ret->run = (struct slice){0};
        ret->address = g.address;
        return true;
    }
    return false;
}
