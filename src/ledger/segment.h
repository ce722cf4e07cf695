// SPDX-License-Identifier: GPL-2.0-or-later
// Many hits as a few bytes each, in the order of counting: what they are in `heads`, their lines in
// `texts`. Reading trusts nothing: a damaged segment says so and does no harm. A record names its
// parts by flags, so that it may get further ones. Only for this folder.
#pragma once

#include "base/addr.h"
#include "base/slice.h"
#include "base/span.h"

struct record {
    // Not a hit: what was counted in jail for host up to here leads to nothing any more.
    bool is_pardon;
    uint64_t seq; // its place in the order of counting
    uint32_t jail, source;
    struct addr host, addr;
    usec_t time;
    uint32_t count;
    uint8_t banned;
    uint32_t rule;     // 0: none
    struct slice text; // points into the segment; what was added last, also the record before's
    struct slice user, helo; // likewise; mostly parts of text
};

struct bytes {
    uint8_t *p;
    size_t n, allocated;
};

// Makes room for so many more. -ENOMEM.
int bytes_room(struct bytes *b, size_t n);

enum { SEGMENT_BYTES = 1 << 16 }; // beyond which a segment is full

struct segment {
    struct bytes heads, texts, keys; // keys: of the sieve, 8 bytes each
    struct record last;              // its text lies in texts, at text_at
    size_t text_at;
    uint64_t first; // seq of the first record
    usec_t time_max;
    size_t n;
    bool is_open; // has a pardon of a block, which whoever looks for a host in it does not know
};

void segment_done(struct segment *s);

// Keeps the memory for the next one.
void segment_clear(struct segment *s);

// The text is copied. -ENOMEM.
int segment_add(struct segment *s, const struct record *r);
size_t segment_size(const struct segment *s);

// Its sieve in ret of segment_sieve_size() zeroed bytes.
size_t segment_sieve_size(const struct segment *s);
void segment_sieve(const struct segment *s, uint8_t *ret);

// Whether a segment with this sieve may tell of hosts in net, or pardon them.
bool segment_may_have(struct slice sieve, const struct addr *net);

struct segment_reader {
    struct slice heads; // what is left of them
    struct slice texts; // p NULL: nobody wants them, and records have none
    size_t at;          // in texts
    struct record last;
};

// 1: *ret is the next record; 0: the end; -EUCLEAN.
int segment_next(struct segment_reader *r, struct record *ret);
