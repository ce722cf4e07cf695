// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/budget.h"

void budget_init(struct budget *b, size_t limit, size_t sharers)
{
    size_t n = sharers > 0 ? sharers : 1, floor = limit / 2 / n;

    *b = (struct budget){.floor = floor > BUDGET_FLOOR_LEAST ? floor : BUDGET_FLOOR_LEAST};
    if (limit > b->floor * n)
        b->common = limit - b->floor * n;
}

static size_t beyond_floor(const struct share *s, size_t used)
{
    return used > s->budget->floor ? used - s->budget->floor : 0;
}

bool share_take(struct share *s, size_t n)
{
    size_t more = beyond_floor(s, s->used + n) - beyond_floor(s, s->used);

    if (more > s->budget->common - s->budget->lent)
        return false;
    s->budget->lent += more;
    s->used += n;
    return true;
}

void share_give(struct share *s, size_t n)
{
    s->budget->lent -= beyond_floor(s, s->used) - beyond_floor(s, s->used - n);
    s->used -= n;
}
