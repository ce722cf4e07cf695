// SPDX-License-Identifier: GPL-2.0-or-later
// An address, a host or a block: 16 bytes and a prefix length, one type for both families.
// IPv4 is held as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2) with 96 added to its prefix. Bits beyond the
// prefix are always zero, so that equal blocks are equal bytes.
#pragma once

#include "base/slice.h"

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct addr {
    uint8_t b[16];
    uint8_t len; // 0..128; an IPv4 /24 is 120
};

enum {
    ADDR_TEXT_MAX = 48, // the longest text of a net, with its NUL
    ADDR_V4_BITS = 96,  // in front of an IPv4 address
};

// Reads "192.0.2.1", "2001:db8::1", "192.0.2.0/24", "::ffff:192.0.2.1" (which is IPv4), with or
// without "[...]". Host bits beyond the prefix are cleared. -EINVAL where it is none of these
// (leading zeros in IPv4 included: they read as octal elsewhere).
int addr_parse(struct slice text, struct addr *ret);

// "192.0.2.1", or "192.0.2.0/24" where it is not a single address. Returns the length.
size_t addr_format(const struct addr *a, char ret[static ADDR_TEXT_MAX]);

// The same, always with its prefix: "192.0.2.1/32".
size_t addr_format_net(const struct addr *a, char ret[static ADDR_TEXT_MAX]);

static inline bool addr_is_v4(const struct addr *a)
{
    uint64_t first;
    uint32_t then;

    memcpy(&first, a->b, sizeof(first));
    memcpy(&then, a->b + sizeof(first), sizeof(then));
    return a->len >= ADDR_V4_BITS && first == 0 && then == htobe32(0xffff);
}

// The prefix as people write it: 0..32 for IPv4, 0..128 for IPv6.
static inline unsigned addr_prefix(const struct addr *a)
{
    return addr_is_v4(a) ? a->len - ADDR_V4_BITS : a->len;
}

// The enclosing block with this prefix (as people write it); a itself where it is already wider.
struct addr addr_block(const struct addr *a, unsigned prefix);

// What counts as one host: an IPv4 address, or an IPv6 /64.
struct addr addr_host(const struct addr *a);

// Whether it is wider than that.
bool addr_is_block(const struct addr *a);

// Whether inner lies in outer (or is it). An IPv6 block never holds IPv4.
bool addr_within(const struct addr *inner, const struct addr *outer);

// Orders by bytes, then wider before narrower: IPv6 sorts apart from IPv4 only by its bytes.
int addr_compare(const struct addr *a, const struct addr *b);
