// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/pack.h"

static const struct scale {
    uint8_t width;
    usec_t unit;
} scales[PACK_SCALES] = {{2, USEC_PER_SEC}, {3, USEC_PER_SEC}, {4, 1}, {5, 1}, {8, 1}};

unsigned pack_scale(usec_t span, bool fine)
{
    unsigned i = 0;

    for (; i < PACK_SCALES - 1; i++) {
        bool fits = span / scales[i].unit >> scales[i].width * 8 == 0;
        if (fits && (!fine || scales[i].unit == 1))
            break;
    }
    return i;
}

bool pack_is_fine(unsigned scale)
{
    return scales[scale].unit == 1;
}

size_t pack_width(unsigned scale)
{
    return scales[scale].width;
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
        return pack_all(to, scales[scale], base, time, n);
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
        return unpack_all(from, scales[scale], base, time, n);
    }
}
