// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger/entry.h"

#include "ledger/ledger.h"

#include <errno.h>
#include <string.h>

static void put(uint8_t **to, uint64_t value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        *(*to)++ = (uint8_t)(value >> 8 * i);
}

void entry_pack(const struct roll_ban *b, uint8_t ret[static ENTRY_SIZE])
{
    uint8_t *to = ret;

    memcpy(to, b->net.b, sizeof(b->net.b));
    to += sizeof(b->net.b);
    put(&to, b->net.len, 1);
    put(&to, b->reason, 1);
    put(&to, b->jail, 4);
    put(&to, b->since, 8);
    put(&to, b->until, 8);
    put(&to, b->lifted, 8);
    put(&to, b->findtime, 8);
    put(&to, b->last, 8);
    put(&to, b->lines, 4);
    put(&to, b->hits, 4);
    put(&to, b->hosts, 4);
    put(&to, b->need_hits, 4);
    put(&to, b->need_hosts, 4);
}

static uint64_t get(struct slice *from, size_t n)
{
    uint64_t value = 0;

    for (size_t i = 0; i < n && i < from->n; i++)
        value |= (uint64_t)(uint8_t)from->p[i] << 8 * i;
    *from = slice_from(*from, n);
    return value;
}

int entry_unpack(struct slice bytes, struct roll_ban *ret)
{
    struct roll_ban b = {0};

    if (bytes.n < sizeof(b.net.b))
        return -EUCLEAN;
    memcpy(b.net.b, bytes.p, sizeof(b.net.b));
    bytes = slice_from(bytes, sizeof(b.net.b));
    b.net.len = (uint8_t)get(&bytes, 1);
    b.reason = (uint8_t)get(&bytes, 1);
    b.jail = (uint32_t)get(&bytes, 4);
    b.since = get(&bytes, 8);
    b.until = get(&bytes, 8);
    b.lifted = get(&bytes, 8);
    b.findtime = get(&bytes, 8);
    b.last = get(&bytes, 8);
    b.lines = (uint32_t)get(&bytes, 4);
    b.hits = (uint32_t)get(&bytes, 4);
    b.hosts = (uint32_t)get(&bytes, 4);
    b.need_hits = (uint32_t)get(&bytes, 4);
    b.need_hosts = (uint32_t)get(&bytes, 4);
    if (b.net.len > 128 || !addr_within(&b.net, &b.net) || b.reason > BAN_FINGERPRINT)
        return -EUCLEAN;
    *ret = b;
    return 0;
}
