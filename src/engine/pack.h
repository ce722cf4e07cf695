// SPDX-License-Identifier: GPL-2.0-or-later
// Times and numbers in as few bytes as they need, without loss. Times of one record are kept as
// their distance from the earliest: two bytes each where all are whole seconds apart and within a
// day, as syslog's are.
#pragma once

#include "base/span.h"

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { PACK_TIME = 7 }; // bytes of a whole time

// A time that is packed is at most this: the year 4253.
#define PACK_TIME_MOST ((UINT64_C(1) << 56) - 1)

static inline unsigned char *pack_uint(unsigned char *to, uint64_t value, size_t width)
{
    value = htole64(value);
    memcpy(to, &value, width);
    return to + width;
}

static inline const unsigned char *unpack_uint(const unsigned char *from, size_t width,
                                               uint64_t *ret)
{
    uint64_t value = 0;

    memcpy(&value, from, width);
    *ret = le64toh(value);
    return from + width;
}

// The same for a width that is known only here.
static inline void pack_number(unsigned char *to, uint64_t value, size_t width)
{
    for (size_t i = 0; i < width; i++, value >>= 8)
        to[i] = (unsigned char)value;
}

static inline uint64_t unpack_number(const unsigned char *from, size_t width)
{
    uint64_t value = 0;

    while (width-- > 0)
        value = value << 8 | from[width];
    return value;
}

enum { PACK_SCALES = 5 }; // they fit into three bits

// A distance of that scale: its bytes, and what it is counted in.
static inline size_t pack_width(unsigned scale)
{
    static const uint8_t width[PACK_SCALES] = {2, 3, 4, 5, 8};

    return width[scale];
}

static inline bool pack_is_fine(unsigned scale)
{
    return scale >= 2;
}

static inline usec_t pack_unit(unsigned scale)
{
    return pack_is_fine(scale) ? 1 : USEC_PER_SEC;
}

// Whether a distance is one of that scale, without loss.
static inline bool pack_fits(unsigned scale, usec_t distance)
{
    unsigned bits = (unsigned)pack_width(scale) * 8;

    return distance % pack_unit(scale) == 0 &&
           (bits == 64 || distance / pack_unit(scale) >> bits == 0);
}

// The scale for distances up to span; fine: not all of them are whole seconds.
unsigned pack_scale(usec_t span, bool fine);

// n numbers of so many bytes each.
void unpack_numbers(const unsigned char *from, size_t width, uint64_t *number, size_t n);

// n times from base on. Return where they end.
unsigned char *pack_times(unsigned char *to, unsigned scale, usec_t base, const usec_t *time,
                          size_t n);
const unsigned char *unpack_times(const unsigned char *from, unsigned scale, usec_t base,
                                  usec_t *time, size_t n);
