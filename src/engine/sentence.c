// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/sentence.h"

usec_t sentence_until(const struct sentence *s, usec_t time, uint32_t prior)
{
    // Every ban of a net lasts as long as its first.
    (void)prior;
    return usec_add(time, s->bantime);
}
