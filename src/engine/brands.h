// SPDX-License-Identifier: GPL-2.0-or-later
// Hosts and blocks that are banned, or would be, and until when: eight bytes each, so that what
// still comes of a botnet of hundreds of thousands is told from what is new. A net is known by a
// digest: one that was never branded is taken for another once in hundreds of millions.
#pragma once

#include "base/addr.h"
#include "base/span.h"

// Strangers fill it. Beyond (two megabytes) the net makes room whose ban ends first, of the few
// that lie beside the new one; it may be banned once more.
enum { BRANDS_MAX = 1 << 18 };

struct brands;

// NULL: out of memory.
struct brands *brands_new(uint64_t seed);
struct brands *brands_free(struct brands *b);

// Until a time later than 0. -ENOMEM.
int brands_put(struct brands *b, const struct addr *net, usec_t until);
void brands_remove(struct brands *b, const struct addr *net);

// Has what is known of a net on its way from the memory.
void brands_expect(const struct brands *b, const struct addr *net);

// Whether it is banned at that time; the last second may be missing.
bool brands_has(const struct brands *b, const struct addr *net, usec_t time);
