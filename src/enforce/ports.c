// SPDX-License-Identifier: GPL-2.0-or-later
#include "enforce/ports.h"

#include <stdlib.h>

static int compare(const void *x, const void *y)
{
    const struct ports *a = x, *b = y;

    return a->proto != b->proto ? a->proto - b->proto : a->from - b->from;
}

size_t ports_merge(struct ports *p, size_t n)
{
    size_t kept = 0;

    if (n == 0)
        return 0;
    qsort(p, n, sizeof(*p), compare);
    for (size_t i = 1; i < n; i++) {
        if (p[i].proto != p[kept].proto || p[i].from > p[kept].to)
            p[++kept] = p[i];
        else if (p[i].to > p[kept].to)
            p[kept].to = p[i].to;
    }
    return kept + 1;
}
