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

// A newline stands behind the text that a regex sees, and is not searched; halves must not be too
// short to be.
static bool is_searchable(const struct clause *c, bool halved)
{
    for (size_t i = 0; i < c->n; i++) {
        if (memchr(c->text[i].p, '\n', c->text[i].n) ||
            (halved && c->text[i].n < (size_t)2 * NEEDLES_SHORTEST))
            return false;
    }
    return true;
}

// The texts are numbered as they come, for now.
static void add_text(struct mesh *m, struct slice text)
{
    m->text[m->n_members] = text;
    m->member[m->n_members] = (uint32_t)m->n_members;
    m->n_members++;
}

// halved: a date may have been cut out of the text, wherever it is; one half of it is whole then.
static void add_clauses(struct mesh *m, struct strand *s, const struct literals *l, bool halved)
{
    for (size_t i = 0; i < l->n; i++) {
        struct mesh_clause *c = &m->clause[m->n_clauses];
        if (!is_searchable(&l->clause[i], halved))
            continue;
        c->start = m->n_members;
        for (size_t k = 0; k < l->clause[i].n; k++) {
            struct slice text = l->clause[i].text[k];
            size_t half = halved ? text.n / 2 : text.n;
            add_text(m, (struct slice){text.p, half});
            if (halved)
                add_text(m, slice_from(text, half));
        }
        c->end = m->n_members;
        m->n_clauses++;
        s->n_clauses++;
    }
}

// What a failregex matches, be it <F-CONTENT>, is part of what the prefregex has matched.
static void add_filter(struct mesh *m, size_t i)
{
    struct mesh_filter *f = &m->filter[i];
    bool halved = !f->parts.is_plain;

    f->strand = m->n_strands;
    f->word = m->n_words;
    if (!f->parts.one_line)
        return;
    m->n_words += bit_words(f->parts.fail->n);
    for (size_t k = 0; k < f->parts.fail->n; k++) {
        struct strand *s = &m->strand[m->n_strands++];
        *s = (struct strand){.filter = i, .rule = k, .clause = m->n_clauses};
        add_clauses(m, s, &f->parts.fail->rule[k].regex.literals, halved);
        if (f->parts.prefix)
            add_clauses(m, s, &f->parts.prefix->regex.literals, halved);
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
    return s->n_clauses > 0 ? m->clause[s->clause] : (struct mesh_clause){0};
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
