// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/stall.h"

enum {
    TIMES_FIRST = 8,
    TIMES_JUDGED = 32, // from here on growth is that of the largest power
    PUMPS_MAX = 16,
    PUMP_MAX = 256,
    BYTES_TRIED = 3,  // of the bytes that a run takes
    STEPS_FIRST = 64, // where counting begins
};

// Twice as long, so many times the steps, in tenths: the square is 40, the cube 80. Small powers
// among the steps blur it.
enum { GROWTH_SQUARE = 46, GROWTH_BEYOND = 60 };

struct pump {
    char text[PUMP_MAX];
    size_t n;
};

struct search {
    struct probe *probe;
    const struct probe_part *part;
    const unsigned *rule; // NULL: the prefregex
    uint64_t *budget;
    struct pump pump[PUMPS_MAX];
    size_t n;
};

// A line with room for the newline behind it.
struct pumped {
    char text[SPECIMEN_MAX + 1];
    size_t n;
};

static bool exceeds(struct search *s, const struct pumped *line, uint32_t steps)
{
    *s->budget -= steps < *s->budget ? steps : *s->budget;
    return regex_exceeds(&s->part->regex, &s->probe->matcher,
                         (struct slice){line->text, line->n + 1}, steps);
}

// To within a sixteenth; at REGEX_STEPS_MAX it is more than that.
static uint32_t count_steps(struct search *s, const struct pumped *line)
{
    uint32_t least = 0, most = STEPS_FIRST;

    while (exceeds(s, line, most)) {
        if (most == REGEX_STEPS_MAX)
            return REGEX_STEPS_MAX;
        least = most;
        most = most > REGEX_STEPS_MAX / 2 ? REGEX_STEPS_MAX : 2 * most;
    }
    while (most - least > most / 16 + 1) {
        uint32_t middle = least + (most - least) / 2;
        if (exceeds(s, line, middle))
            least = middle;
        else
            most = middle;
    }
    return most;
}

static bool append(struct pumped *line, struct slice text)
{
    if (text.n > SPECIMEN_MAX - line->n)
        return false;
    if (text.n > 0)
        memcpy(line->text + line->n, text.p, text.n);
    line->n += text.n;
    return true;
}

// What stands behind the repeated text, so that there is no match in the end.
enum breaker { BREAK_OFF, BREAK_FIRST, BREAK_LAST, BREAKERS };

static bool append_broken(struct pumped *line, struct slice rest, enum breaker breaker)
{
    static const struct slice foreign = {"\x01", 1};

    switch (breaker) {
    case BREAK_FIRST:
        return append(line, foreign) && append(line, slice_from(rest, 1));
    case BREAK_LAST:
        return append(line, rest) && append(line, foreign);
    default:
        return true;
    }
}

static bool write_pumped(const struct specimen *whole, const struct pump *pump, uint32_t times,
                         enum breaker breaker, struct pumped *ret)
{
    struct slice text = {whole->text, whole->n};

    ret->n = 0;
    if (!append(ret, (struct slice){text.p, whole->from}))
        return false;
    for (; times > 0; times--)
        if (!append(ret, (struct slice){pump->text, pump->n}))
            return false;
    if (!append_broken(ret, slice_from(text, whole->to), breaker))
        return false;
    ret->text[ret->n] = '\n';
    return true;
}

// Whether the steps outgrow the square, up to the limit at which the engine gives up.
static bool outgrows(struct search *s, const struct specimen *whole, const struct pump *pump,
                     enum breaker breaker, struct pumped *ret_line, struct lint_finding *ret)
{
    uint32_t before = 0, now;

    for (uint32_t times = TIMES_FIRST; *s->budget > 0; times *= 2, before = now) {
        if (!write_pumped(whole, pump, times, breaker, ret_line))
            return false;
        now = count_steps(s, ret_line);
        if (times == TIMES_FIRST || before == 0)
            continue;
        if (now == REGEX_STEPS_MAX || times >= TIMES_JUDGED) {
            uint64_t growth = (uint64_t)now * 10 / before;
            if (growth < GROWTH_SQUARE || (now == REGEX_STEPS_MAX && growth < GROWTH_BEYOND))
                return false;
        }
        ret->times[0] = times / 2;
        ret->times[1] = times;
        ret->steps[0] = before;
        ret->steps[1] = now;
        if (now == REGEX_STEPS_MAX) {
            // A witness that lasts where nothing gives up, as in fail2ban.
            if (!write_pumped(whole, pump, 2 * times, breaker, ret_line))
                write_pumped(whole, pump, times, breaker, ret_line);
            return true;
        }
    }
    return false;
}

static void add_pump(struct search *s, struct slice text)
{
    if (text.n == 0 || text.n > PUMP_MAX || s->n == PUMPS_MAX)
        return;
    for (size_t i = 0; i < s->n; i++)
        if (slice_equal((struct slice){s->pump[i].text, s->pump[i].n}, text))
            return;
    memcpy(s->pump[s->n].text, text.p, text.n);
    s->pump[s->n++].n = text.n;
}

static bool is_unbounded(const struct tree *t, uint32_t i)
{
    return t->node[i].kind == NODE_REPEAT && t->node[i].max >= TIMES_JUDGED;
}

// How many repetitions of the regex take this byte.
static unsigned shared_by(const struct tree *t, unsigned char c)
{
    unsigned n = 0;

    for (uint32_t i = 0; i < t->n; i++)
        n += is_unbounded(t, i) && t->node[t->node[i].first].kind == NODE_SET &&
             byteset_has(&t->node[t->node[i].first].set, c);
    return n;
}

// The bytes of a run that other runs take as well.
static void add_bytes(struct search *s, const struct byteset *set)
{
    static const char bytes[] = "x1 :.,-/=([\"'A_<";
    const struct tree *t = &s->part->tree;
    bool used[sizeof(bytes)] = {false};

    for (unsigned k = 0; k < BYTES_TRIED; k++) {
        unsigned most = 0;
        size_t best = 0;
        for (size_t i = 0; bytes[i]; i++) {
            unsigned shared = shared_by(t, (unsigned char)bytes[i]);
            if (!used[i] && byteset_has(set, (unsigned char)bytes[i]) && shared > most) {
                most = shared;
                best = i;
            }
        }
        if (most == 0)
            return;
        used[best] = true;
        add_pump(s, (struct slice){&bytes[best], 1});
    }
}

// What a repetition repeats, by way of each of the alternatives in it.
static void add_bodies(struct search *s, uint32_t node)
{
    const struct tree *t = &s->part->tree;
    struct specimen body;

    for (uint32_t i = node; i < t->n && tree_within(t, i, node); i++) {
        const struct specimen_plan plan = {.variant = 1, .through = i};
        bool way = i == node || t->node[t->node[i].parent].kind == NODE_CHOICE;
        if (way && specimen_make_part(t, node, &plan, &body))
            add_pump(s, (struct slice){body.text, body.n});
    }
}

// What leads from one repetition to the others behind it: each piece of it can be taken by them
// all.
static void add_ways(struct search *s, uint32_t node)
{
    const struct tree *t = &s->part->tree;
    const struct specimen_plan plan = {.variant = 1, .through = NODE_NONE};
    struct specimen part;
    struct pumped way = {.n = 0};

    for (uint32_t i = node; i != NODE_NONE; i = t->node[i].next) {
        if (i != node && is_unbounded(t, i))
            add_pump(s, (struct slice){way.text, way.n});
        if (!specimen_make_part(t, i, &plan, &part) ||
            !append(&way, (struct slice){part.text, part.n}))
            return;
    }
}

// A line in which the prefregex leaves what stalls the failregex. For the prefregex itself any
// does.
static bool make_line(struct search *s, const struct pumped *pumped, struct specimen *ret)
{
    struct slice text = {pumped->text, pumped->n};
    enum { WRAPS = 16 };

    for (uint32_t v = 0; s->rule && s->probe->has_prefix && v < WRAPS; v++)
        if (probe_wrap(s->probe, text, v, ret) &&
            probe_leaves(s->probe, (struct slice){ret->text, ret->n}, text))
            return true;
    if (s->rule && s->probe->has_prefix)
        return false;
    memcpy(ret->text, text.p, text.n);
    ret->n = text.n;
    return true;
}

static bool try_pumps(struct search *s, uint32_t node, struct specimen *ret_line,
                      struct lint_finding *ret)
{
    struct specimen whole;
    struct pumped line;

    for (uint32_t v = 0; v < 2; v++) {
        const struct specimen_plan plan = {.variant = v, .through = node};
        if (!specimen_make(&s->part->tree, &plan, &whole))
            continue;
        for (size_t i = 0; i < s->n; i++)
            for (enum breaker b = 0; b<BREAKERS && * s->budget> 0; b++)
                if (outgrows(s, &whole, &s->pump[i], b, &line, ret) &&
                    make_line(s, &line, ret_line))
                    return true;
    }
    return false;
}

bool stall_find(struct probe *p, const unsigned *rule, uint64_t *budget, struct specimen *ret_line,
                struct lint_finding *ret)
{
    struct search s = {.probe = p, .rule = rule, .budget = budget};
    const struct tree *t;

    s.part = rule ? &p->rule[*rule] : &p->prefix;
    t = &s.part->tree;
    if (!s.part->readable)
        return false;
    for (uint32_t i = 0; i<t->n && * budget> 0; i++) {
        uint32_t child = t->node[i].first;
        if (!is_unbounded(t, i))
            continue;
        s.n = 0;
        if (t->node[child].kind == NODE_SET)
            add_bytes(&s, &t->node[child].set);
        else
            add_bodies(&s, child);
        add_ways(&s, i);
        if (try_pumps(&s, i, ret_line, ret)) {
            ret->kind = LINT_STALL;
            ret->pattern = s.part->pattern;
            ret->run = (struct slice){0};
            return true;
        }
    }
    return false;
}
