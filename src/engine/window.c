// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/window.h"

#include <string.h>

// The kept times with count copies of a new one at its place, before the oldest make room.
struct merged {
    const struct window *w;
    usec_t time;
    uint32_t at, count;
};

static usec_t merged_time(const struct merged *m, uint32_t i)
{
    if (i < m->at)
        return m->w->time[i];
    return i < m->at + m->count ? m->time : m->w->time[i - m->count];
}

// Looks for a findtime that ends with a kept time, holds k hits and the new one, the latest first.
// In order there is one to look at; a late hit may fill one whose newer hits are known already.
static bool is_full(const struct merged *m, uint32_t k, usec_t findtime, usec_t *ret_end)
{
    for (uint32_t n = m->w->n + m->count; n >= k && n > m->at; n--) {
        usec_t end = merged_time(m, n - 1), start = merged_time(m, n - k);
        if (start > m->time)
            start = m->time;
        if (end - start >= findtime)
            continue;
        if (ret_end)
            *ret_end = end;
        return true;
    }
    return false;
}

static void insert(struct window *w, uint32_t k, const struct merged *m)
{
    uint32_t excess = w->n + m->count > k ? w->n + m->count - k : 0;
    uint32_t dropped = m->at < excess ? m->at : excess;
    uint32_t before = m->at - dropped, copies = m->count - (excess - dropped);

    memmove(w->time + before + copies, w->time + m->at, (w->n - m->at) * sizeof(usec_t));
    memmove(w->time, w->time + dropped, before * sizeof(usec_t));
    for (uint32_t i = 0; i < copies; i++)
        w->time[before + i] = m->time;
    w->n += m->count - excess;
}

static struct merged merge(const struct window *w, uint32_t k, usec_t time, uint32_t count)
{
    struct merged m = {.w = w, .time = time, .at = w->n, .count = count < k ? count : k};

    while (m.at > 0 && w->time[m.at - 1] > time)
        m.at--;
    return m;
}

bool window_would(const struct window *w, uint32_t k, usec_t findtime, usec_t time, uint32_t count,
                  usec_t *ret_end)
{
    struct merged m = merge(w, k, time, count);

    return is_full(&m, k, findtime, ret_end);
}

bool window_hit(struct window *w, uint32_t k, usec_t findtime, usec_t time, uint32_t count,
                usec_t *ret_end)
{
    struct merged m = merge(w, k, time, count);
    bool full = is_full(&m, k, findtime, ret_end);

    insert(w, k, &m);
    return full;
}

uint32_t window_count(const struct window *w, usec_t findtime, usec_t now)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < w->n; i++) {
        if (w->time[i] <= now && now - w->time[i] < findtime)
            count++;
    }
    return count;
}
