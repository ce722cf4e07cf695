// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/filterpool.h"

#include "conf/filterspec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct filterpool {
    struct entry {
        struct filter_spec spec;
        struct filter *filter;
    } * entry;
    size_t n, allocated;
};

struct filterpool *filterpool_new(void)
{
    return calloc(1, sizeof(struct filterpool));
}

struct filterpool *filterpool_free(struct filterpool *p)
{
    if (p) {
        for (size_t i = 0; i < p->n; i++)
            filter_free(p->entry[i].filter);
        free(p->entry);
        free(p);
    }
    return NULL;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

// Where a regex stands is told with every hit.
static bool same_patterns(const struct pattern *a, size_t n_a, const struct pattern *b, size_t n_b)
{
    for (size_t i = 0; i < n_a && i < n_b; i++) {
        if (!same_text(a[i].text, b[i].text) || !same_text(a[i].file, b[i].file) ||
            a[i].line != b[i].line)
            return false;
    }
    return n_a == n_b;
}

static bool same(const struct filter_spec *a, const struct filter_spec *b)
{
    return strcmp(a->name, b->name) == 0 && a->maxlines == b->maxlines &&
           a->has_offset == b->has_offset && a->offset == b->offset && a->use_dns == b->use_dns &&
           same_patterns(&a->prefregex, 1, &b->prefregex, 1) &&
           same_patterns(a->failregex, a->n_failregex, b->failregex, b->n_failregex) &&
           same_patterns(a->ignoreregex, a->n_ignoreregex, b->ignoreregex, b->n_ignoreregex) &&
           same_patterns(a->datepattern, a->n_datepattern, b->datepattern, b->n_datepattern);
}

static struct filter *find(const struct filterpool *p, const struct filter_spec *spec)
{
    for (size_t i = 0; i < p->n; i++) {
        if (filter_is_plain(p->entry[i].filter) && same(&p->entry[i].spec, spec))
            return p->entry[i].filter;
    }
    return NULL;
}

static int make_room(struct filterpool *p)
{
    size_t more = p->allocated ? 2 * p->allocated : 16;
    struct entry *grown;

    if (p->n < p->allocated)
        return 0;
    grown = reallocarray(p->entry, more, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    p->entry = grown;
    p->allocated = more;
    return 0;
}

int filterpool_get(struct filterpool *p, const struct filter_spec *spec, struct origin at,
                   struct problems *problems, struct filter **ret)
{
    struct filter *filter = find(p, spec);
    int r = filter ? 0 : make_room(p);

    if (r == 0 && !filter) {
        r = filterspec_compile(spec, at, problems, &filter);
        if (r == 0)
            p->entry[p->n++] = (struct entry){*spec, filter};
    }
    if (r == 0)
        *ret = filter;
    return r;
}
