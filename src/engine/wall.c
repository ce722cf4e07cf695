// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/wall.h"

enum { DAY = 86400 };

enum { LATE = 300 }; // lines written by several processes are out of order by this much

void wall_init(struct wall *w, const struct zone *zone)
{
    *w = (struct wall){.zone = zone, .plain_day = INT64_MIN};
}

// Whether the clock does not change on this day or the ones beside it, so that one offset fits.
static bool is_plain_day(struct wall *w, int64_t day)
{
    int32_t before, after;

    if (w->plain_day == day)
        return true;
    before = w->zone ? zone_offset(w->zone, (day - 1) * DAY) : 0;
    after = w->zone ? zone_offset(w->zone, (day + 2) * DAY) : 0;
    if (before != after)
        return false;
    w->plain_day = day;
    w->plain_offset = before;
    return true;
}

int64_t wall_to_utc(struct wall *w, int64_t local)
{
    int64_t first, second, last = (int64_t)(w->last / USEC_PER_SEC);

    if (is_plain_day(w, local / DAY))
        return local - w->plain_offset;
    first = zone_to_utc(w->zone, local);
    second = local - zone_offset(w->zone, first + DAY);
    if (second == first || zone_offset(w->zone, second) != local - second || last == 0)
        return first;
    w->leaned = true;
    // The line before may be a little late itself.
    return first < last - LATE ? second : first;
}

int64_t wall_from_utc(const struct wall *w, usec_t t)
{
    int64_t utc = (int64_t)(t / USEC_PER_SEC);

    return utc + (w->zone ? zone_offset(w->zone, utc) : 0);
}

bool wall_find_day(struct wall *w, unsigned month, unsigned mday, uint32_t second,
                   const int32_t *offset, usec_t now, int64_t *ret_day)
{
    int64_t latest = (int64_t)(now / USEC_PER_SEC) + DAY, this_year, day, local;
    unsigned latest_month, latest_mday;

    civil_from_days(latest / DAY, &this_year, &latest_month, &latest_mday);
    // Leap days may be eight years apart.
    for (int64_t year = this_year + 1; year >= this_year - 8; year--) {
        if (mday > days_in_month(year, month))
            continue;
        day = days_from_civil(year, month, mday);
        local = day * DAY + second;
        // No zone is a day from UTC, so most years need no look at it.
        if (local - DAY <= latest && (offset ? local - *offset : wall_to_utc(w, local)) <= latest) {
            *ret_day = day;
            return true;
        }
    }
    return false;
}
