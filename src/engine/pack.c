// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/pack.h"

struct scale {
    size_t width;
    usec_t unit;
};

unsigned pack_scale(usec_t span, bool fine)
{
    unsigned i = 0;

    for (; i < PACK_SCALES - 1; i++) {
        bool fits = span / pack_unit(i) >> pack_width(i) * 8 == 0;
        if (fits && (!fine || pack_is_fine(i)))
            break;
    }
    return i;
}

// Where width and unit are constants, these loops are a few instructions for each time.
static inline unsigned char *pack_all(unsigned char *to, struct scale scale, usec_t base,
                                      const usec_t *time, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to = pack_uint(to, (time[i] - base) / scale.unit, scale.width);
    return to;
}

unsigned char *pack_times(unsigned char *to, unsigned scale, usec_t base, const usec_t *time,
                          size_t n)
{
    switch (scale) {
    case 0:
        return pack_all(to, (struct scale){2, USEC_PER_SEC}, base, time, n);
    case 2:
        return pack_all(to, (struct scale){4, 1}, base, time, n);
    default:
        return pack_all(to, (struct scale){pack_width(scale), pack_unit(scale)}, base, time, n);
    }
}

static inline const unsigned char *unpack_all(const unsigned char *from, struct scale scale,
                                              usec_t base, usec_t *time, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t distance;
        from = unpack_uint(from, scale.width, &distance);
        time[i] = base + distance * scale.unit;
    }
    return from;
}

const unsigned char *unpack_times(const unsigned char *from, unsigned scale, usec_t base,
                                  usec_t *time, size_t n)
{
    switch (scale) {
    case 0:
        return unpack_all(from, (struct scale){2, USEC_PER_SEC}, base, time, n);
    case 2:
        return unpack_all(from, (struct scale){4, 1}, base, time, n);
    default:
        return unpack_all(from, (struct scale){pack_width(scale), pack_unit(scale)}, base, time, n);
    }
}

static inline void unpack_each(const unsigned char *from, size_t width, uint64_t *number, size_t n)
{
    for (size_t i = 0; i < n; i++)
        unpack_uint(from + i * width, width, &number[i]);
}

void unpack_numbers(const unsigned char *from, size_t width, uint64_t *number, size_t n)
{
    switch (width) {
    case 1:
        unpack_each(from, 1, number, n);
        break;
    case 2:
        unpack_each(from, 2, number, n);
        break;
    case 4:
        unpack_each(from, 4, number, n);
        break;
    default:
        unpack_each(from, width, number, n);
    }
}
