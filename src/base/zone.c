// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/zone.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WEEK = 7 * 86400 };
#define LAST_SECOND INT64_C(4102444800) // 2100-01-01

static int32_t sample(int64_t utc)
{
    time_t t = (time_t)utc;
    struct tm tm;

    return localtime_r(&t, &tm) ? (int32_t)tm.tm_gmtoff : 0;
}

static int append(struct zone *z, int64_t from, int32_t offset)
{
    struct zone_change *grown = reallocarray(z->change, z->n + 1, sizeof(*grown));

    if (!grown)
        return -ENOMEM;
    z->change = grown;
    z->change[z->n++] = (struct zone_change){from, offset};
    return 0;
}

// The first second in (low, high] whose offset is not low's.
static int64_t find_change(int64_t low, int64_t high)
{
    int32_t before = sample(low);

    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (sample(middle) == before)
            low = middle;
        else
            high = middle;
    }
    return high;
}

int zone_local(struct zone *ret)
{
    struct zone z = {0};
    int r;

    tzset();
    r = append(&z, INT64_MIN, sample(0));
    for (int64_t at = 0; r == 0 && at < LAST_SECOND; at += WEEK) {
        if (sample(at + WEEK) == sample(at))
            continue;
        int64_t change = find_change(at, at + WEEK);
        r = append(&z, change, sample(change));
    }
    if (r < 0) {
        zone_done(&z);
        return r;
    }
    *ret = z;
    return 0;
}

int zone_fixed(int32_t offset, struct zone *ret)
{
    struct zone z = {0};
    int r = append(&z, INT64_MIN, offset);

    if (r < 0)
        return r;
    *ret = z;
    return 0;
}

void zone_done(struct zone *z)
{
    free(z->change);
    memset(z, 0, sizeof(*z));
}

static size_t find(const struct zone *z, int64_t utc)
{
    size_t low = 0, high = z->n;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (z->change[middle].from <= utc)
            low = middle;
        else
            high = middle;
    }
    return low;
}

int32_t zone_offset(const struct zone *z, int64_t utc)
{
    return z->change[find(z, utc)].offset;
}

int64_t zone_to_utc(const struct zone *z, int64_t local)
{
    // A day earlier is before any change that could concern this hour, so its offset is the older
    // one.
    int64_t utc = local - zone_offset(z, local - 86400);

    if (zone_offset(z, utc) == local - utc)
        return utc;
    int64_t after = local - zone_offset(z, utc);
    return zone_offset(z, after) == local - after ? after : utc;
}
