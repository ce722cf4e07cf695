// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/sentence.h"

#include <math.h>

enum { WEIGHT_BANS_MAX = 20 };

// Spans of a million years and more have no end.
#define LONGEST ((double)(USEC_FOREVER >> 1))

static double seconds(const struct growth *g, double bantime, uint32_t bans)
{
    struct formula_values values = {.time = bantime, .count = bans, .factor = g->factor};
    double grown;

    if (g->n_multipliers > 0)
        return bantime * g->factor *
               g->multiplier[bans < g->n_multipliers ? bans : g->n_multipliers - 1];
    grown = formula_value(&g->formula, &values);
    return grown > bantime ? grown : bantime;
}

static usec_t grow(const struct sentence *s, const struct past *past)
{
    const struct growth *g = s->growth;
    double usec = seconds(g, (double)s->bantime / USEC_PER_SEC, past->bans) * USEC_PER_SEC;
    usec_t span = isnan(usec) || usec < USEC_PER_SEC ? s->bantime
                  : usec >= LONGEST                  ? USEC_FOREVER
                                                     : (usec_t)llrint(usec);

    if (span > g->maxtime)
        span = g->maxtime;
    return usec_add(span, (usec_t)(past->chance * (double)g->rndtime));
}

usec_t sentence_until(const struct sentence *s, usec_t time, const struct past *past)
{
    if (!s->growth || past->bans == 0 || s->bantime == USEC_FOREVER)
        return usec_add(time, s->bantime);
    return usec_add(time, grow(s, past));
}

uint32_t sentence_weight(const struct sentence *s, const struct past *past)
{
    uint32_t bans = past->bans < WEIGHT_BANS_MAX ? past->bans : WEIGHT_BANS_MAX;

    return s->growth && bans > 0 ? (UINT32_C(1) << bans) / 2 + 1 : 1;
}
