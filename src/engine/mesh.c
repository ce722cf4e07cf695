// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/mesh.h"

#include "engine/needles.h"

#include <errno.h>
#include <stdlib.h>

static size_t count_texts(const struct literals *l)
{
    size_t n = 0;

    for (size_t i = 0; i < l->n; i++)
        n += l->clause[i].n;
    return n;
}

static int learn(struct filter_parts *parts)
{
    int r = parts->prefix ? regex_learn(&parts->prefix->regex) : 0;

    for (size_t i = 0; i < parts->fail->n && r == 0; i++)
        r = regex_learn(&parts->fail->rule[i].regex);
    return r;
}

// As much as can be needed, each array at least one long.
static int make_room(struct mesh *m, struct filter *const *filter, size_t n)
{
    size_t strands = 1, clauses = 1, members = 1;

    m->filter = calloc(n + 1, sizeof(*m->filter));
    if (!m->filter)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        struct filter_parts *p = &m->filter[i].parts;
        size_t prefix;
        m->filter[m->n_filters++].filter = filter[i];
        filter_parts(filter[i], p);
        if (learn(p) < 0)
            return -ENOMEM;
        prefix = p->prefix ? count_texts(&p->prefix->regex.literals) : 0;
        strands += p->fail->n;
        for (size_t k = 0; k < p->fail->n; k++) {
            clauses += (size_t)2 * LITERAL_CLAUSES_MAX;
            members += 2 * (prefix + count_texts(&p->fail->rule[k].regex.literals));
        }
    }
    m->strand = calloc(strands, sizeof(*m->strand));
    m->clause = calloc(clauses, sizeof(*m->clause));
    m->member = calloc(members, sizeof(*m->member));
    m->text = calloc(members, sizeof(*m->text));
    return m->strand && m->clause && m->member && m->text ? 0 : -ENOMEM;
}

// The texts are numbered as they come, for now.
static void add_text(struct mesh *m, struct slice text)
{
    m->text[m->n_members] = text;
    m->member[m->n_members] = (uint32_t)m->n_members;
    m->n_members++;
}

// The longest part of a text that lies in one line.
static struct slice one_line(struct slice text)
{
    struct slice best = {text.p, 0};

    while (text.n > 0) {
        const char *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) : text.n;
        if (n > best.n)
            best = (struct slice){text.p, n};
        text = slice_from(text, n + 1);
    }
    return best;
}

// What is searched of a text: the newline behind a line is not, and a half must not be too short.
// Wherever a text is cut in two, its first or its last half is whole.
static size_t half_of(struct slice text, bool halved)
{
    return halved ? (text.n + 1) / 2 : text.n;
}

static bool is_searchable(const struct clause *c, bool several, bool halved)
{
    for (size_t i = 0; i < c->n; i++) {
        struct slice text = one_line(c->text[i]);
        if ((!several && text.n < c->text[i].n) || half_of(text, halved) < NEEDLES_SHORTEST)
            return false;
    }
    return true;
}

// halved: a date may have been cut out of the text, wherever it is.
static void add_clause(struct mesh *m, struct strand *s, const struct clause *given, bool halved)
{
    struct mesh_clause *c = &m->clause[m->n_clauses++];

    c->start = m->n_members;
    for (size_t i = 0; i < given->n; i++) {
        struct slice text = one_line(given->text[i]);
        size_t half = half_of(text, halved);
        add_text(m, (struct slice){text.p, half});
        if (halved)
            add_text(m, slice_from(text, text.n - half));
    }
    c->end = m->n_members;
    s->n_clauses++;
}

static void add_clauses(struct mesh *m, struct strand *s, const struct literals *l)
{
    const struct filter_parts *p = &m->filter[s->filter].parts;

    for (size_t i = 0; i < l->n; i++) {
        if (is_searchable(&l->clause[i], !p->one_line, !p->is_plain))
            add_clause(m, s, &l->clause[i], !p->is_plain);
    }
}

// Whether bytes at the end of one may be those at the beginning of the other, or all of it.
static bool may_overlap(struct slice a, struct slice b)
{
    if (memmem(a.p, a.n, b.p, b.n))
        return true;
    for (size_t n = 1; n < a.n && n < b.n; n++) {
        if (memcmp(a.p + a.n - n, b.p, n) == 0)
            return true;
    }
    return false;
}

static bool are_apart(const struct clause *a, const struct clause *b)
{
    for (size_t i = 0; i < a->n; i++) {
        for (size_t k = 0; k < b->n; k++) {
            if (may_overlap(a->text[i], b->text[k]) || may_overlap(b->text[k], a->text[i]))
                return false;
        }
    }
    return true;
}

// Of texts too short to be halved: one date is cut out of a line, so that of two clauses that do
// not overlap one is whole.
static void add_either(struct mesh *m, struct strand *s, const struct literals *l)
{
    for (size_t i = 1; i < l->n && s->n_clauses == 0; i++) {
        const struct clause *a = &l->clause[0], *b = &l->clause[i];
        if (!is_searchable(a, false, false) || !is_searchable(b, false, false) || !are_apart(a, b))
            continue;
        add_clause(m, s, a, false);
        add_clause(m, s, b, false);
        m->clause[s->clause].end = m->n_members;
        m->n_clauses = s->clause + 1;
        s->n_clauses = 1;
    }
}

// What a failregex matches, be it <F-CONTENT>, is part of what the prefregex has matched.
static void add_filter(struct mesh *m, size_t i)
{
    struct mesh_filter *f = &m->filter[i];
    const struct filter_parts *p = &f->parts;

    f->strand = m->n_strands;
    f->word = m->n_words;
    m->n_words += p->one_line ? bit_words(p->fail->n) : 0;
    for (size_t k = 0; k < p->fail->n; k++) {
        struct strand *s = &m->strand[m->n_strands++];
        const struct literals *own = &p->fail->rule[k].regex.literals;
        *s = (struct strand){.filter = i, .rule = k, .clause = m->n_clauses};
        add_clauses(m, s, own);
        if (p->prefix)
            add_clauses(m, s, &p->prefix->regex.literals);
        if (p->one_line && s->n_clauses == 0)
            add_either(m, s, own);
    }
}

static int compare_texts(const void *a, const void *b, void *user)
{
    const struct mesh *m = user;
    const struct slice *x = &m->text[*(const uint32_t *)a], *y = &m->text[*(const uint32_t *)b];
    int r = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);

    return r ? r : (x->n > y->n) - (x->n < y->n);
}

// One number for texts that are alike.
static int number_texts(struct mesh *m)
{
    uint32_t *order = calloc(m->n_members + 1, sizeof(*order));
    struct slice *text = calloc(m->n_members + 1, sizeof(*text));
    size_t n = 0;

    if (!order || !text) {
        free(order);
        free(text);
        return -ENOMEM;
    }
    for (size_t i = 0; i < m->n_members; i++)
        order[i] = (uint32_t)i;
    qsort_r(order, m->n_members, sizeof(*order), compare_texts, m);
    for (size_t i = 0; i < m->n_members; i++) {
        if (n == 0 || !slice_equal(m->text[order[i]], text[n - 1]))
            text[n++] = m->text[order[i]];
        m->member[order[i]] = (uint32_t)n - 1;
    }
    free(order);
    free(m->text);
    m->text = text;
    m->n_texts = n;
    return 0;
}

// The texts of its first clause, the rarest: where none of them occurs, a strand is not looked at.
static struct mesh_clause first_clause(const struct mesh *m, const struct strand *s)
{
    bool has = s->n_clauses > 0 && m->filter[s->filter].parts.one_line;

    return has ? m->clause[s->clause] : (struct mesh_clause){0};
}

static int list_wide(struct mesh *m)
{
    m->wide = calloc(bit_words(m->n_texts) + 1, sizeof(*m->wide));
    if (!m->wide)
        return -ENOMEM;
    for (size_t i = 0; i < m->n_strands; i++) {
        const struct strand *s = &m->strand[i];
        bool several = !m->filter[s->filter].parts.one_line;
        for (size_t c = s->clause; several && c < s->clause + s->n_clauses; c++) {
            for (size_t k = m->clause[c].start; k < m->clause[c].end; k++)
                bit_set(m->wide, m->member[k]);
        }
    }
    return 0;
}

static int list_signs(struct mesh *m)
{
    uint32_t *end = calloc(m->n_texts + 2, sizeof(*end));

    m->sign = calloc(m->n_members + 1, sizeof(*m->sign));
    m->first_sign = end;
    if (!m->sign || !end)
        return -ENOMEM;
    for (size_t i = 0; i < m->n_strands; i++) {
        struct mesh_clause c = first_clause(m, &m->strand[i]);
        for (size_t k = c.start; k < c.end; k++)
            end[m->member[k] + 2]++;
    }
    for (size_t t = 2; t < m->n_texts + 2; t++)
        end[t] += end[t - 1];
    // Each end grows to where it belongs, one place further down, as its list is filled.
    for (size_t i = 0; i < m->n_strands; i++) {
        struct mesh_clause c = first_clause(m, &m->strand[i]);
        for (size_t k = c.start; k < c.end; k++)
            m->sign[end[m->member[k] + 1]++] = (uint32_t)i;
    }
    return 0;
}

int mesh_init(struct mesh *m, struct filter *const *filter, size_t n)
{
    int r;

    *m = (struct mesh){0};
    r = make_room(m, filter, n);
    for (size_t i = 0; r == 0 && i < n; i++)
        add_filter(m, i);
    if (r == 0)
        r = number_texts(m);
    if (r == 0)
        r = list_signs(m);
    if (r == 0)
        r = list_wide(m);
    return r;
}

void mesh_done(struct mesh *m)
{
    free(m->filter);
    free(m->strand);
    free(m->clause);
    free(m->member);
    free(m->text);
    free(m->first_sign);
    free(m->sign);
    free(m->wide);
    *m = (struct mesh){0};
}

bool mesh_holds(const struct mesh *m, const struct strand *s, const uint64_t *found)
{
    for (size_t i = s->clause; i < s->clause + s->n_clauses; i++) {
        const struct mesh_clause *c = &m->clause[i];
        size_t k = c->start;
        while (k < c->end && !bit_get(found, m->member[k]))
            k++;
        if (k == c->end)
            return false;
    }
    return true;
}
