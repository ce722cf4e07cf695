// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

enum { V4_BITS = 96 };

static const uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static void mask(struct addr *a)
{
    unsigned whole = a->len / 8;

    if (whole == sizeof(a->b))
        return;
    a->b[whole] &= (uint8_t)(0xff << (8 - a->len % 8));
    memset(a->b + whole + 1, 0, sizeof(a->b) - whole - 1);
}

// inet_pton(3) wants a terminated string and is strict about octal zeros, as we want it.
static int parse_bytes(struct slice text, struct addr *ret)
{
    char buf[INET6_ADDRSTRLEN];

    if (text.n == 0 || text.n >= sizeof(buf) || memchr(text.p, '\0', text.n))
        return -EINVAL;
    memcpy(buf, text.p, text.n);
    buf[text.n] = '\0';
    if (inet_pton(AF_INET, buf, ret->b + 12) == 1) {
        memcpy(ret->b, v4_prefix, sizeof(v4_prefix));
        return 0;
    }
    return inet_pton(AF_INET6, buf, ret->b) == 1 ? 0 : -EINVAL;
}

static int parse_prefix(struct slice text, unsigned most, unsigned *ret)
{
    unsigned value = 0;

    if (text.n == 0 || text.n > 3)
        return -EINVAL;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return -EINVAL;
        value = value * 10 + (unsigned)(text.p[i] - '0');
    }
    if (value > most)
        return -EINVAL;
    *ret = value;
    return 0;
}

int addr_parse(struct slice text, struct addr *ret)
{
    struct addr a = {.len = 128};
    const char *slash = text.n > 0 ? memchr(text.p, '/', text.n) : NULL;
    struct slice host = slash ? (struct slice){text.p, (size_t)(slash - text.p)} : text;
    unsigned prefix;
    int r;

    if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
        host = (struct slice){host.p + 1, host.n - 2};
    r = parse_bytes(host, &a);
    if (r < 0)
        return r;
    if (slash) {
        bool dotted = addr_is_v4(&a) && !memchr(host.p, ':', host.n);
        r = parse_prefix(slice_from(text, (size_t)(slash - text.p) + 1), dotted ? 32 : 128,
                         &prefix);
        if (r < 0)
            return r;
        a.len = (uint8_t)(dotted ? V4_BITS + prefix : prefix);
        mask(&a);
    }
    *ret = a;
    return 0;
}

bool addr_is_v4(const struct addr *a)
{
    return a->len >= V4_BITS && memcmp(a->b, v4_prefix, sizeof(v4_prefix)) == 0;
}

unsigned addr_prefix(const struct addr *a)
{
    return addr_is_v4(a) ? a->len - V4_BITS : a->len;
}

static size_t format_bytes(const struct addr *a, char ret[static ADDR_TEXT_MAX])
{
    if (addr_is_v4(a))
        inet_ntop(AF_INET, a->b + 12, ret, ADDR_TEXT_MAX);
    else
        inet_ntop(AF_INET6, a->b, ret, ADDR_TEXT_MAX);
    return strlen(ret);
}

size_t addr_format(const struct addr *a, char ret[static ADDR_TEXT_MAX])
{
    return a->len == 128 ? format_bytes(a, ret) : addr_format_net(a, ret);
}

size_t addr_format_net(const struct addr *a, char ret[static ADDR_TEXT_MAX])
{
    size_t n = format_bytes(a, ret);

    return n + (size_t)snprintf(ret + n, ADDR_TEXT_MAX - n, "/%u", addr_prefix(a));
}

struct addr addr_block(const struct addr *a, unsigned prefix)
{
    struct addr block = *a;
    unsigned len = addr_is_v4(a) ? prefix + V4_BITS : prefix;

    if (len < block.len) {
        block.len = (uint8_t)len;
        mask(&block);
    }
    return block;
}

struct addr addr_host(const struct addr *a)
{
    return addr_is_v4(a) ? *a : addr_block(a, 64);
}

bool addr_within(const struct addr *inner, const struct addr *outer)
{
    static const uint8_t zeros[16];
    size_t whole = outer->len / 8, rest = sizeof(zeros) - whole;
    uint8_t first = (uint8_t)(0xff00 >> outer->len % 8); // of the byte that the prefix ends in

    // By its bytes ::/0 would hold all of IPv4; nobody who writes it means that.
    if (inner->len < outer->len || memcmp(inner->b, outer->b, whole) != 0 ||
        addr_is_v4(inner) != addr_is_v4(outer))
        return false;
    return rest == 0 || ((inner->b[whole] & first) == outer->b[whole] &&
                         memcmp(outer->b + whole + 1, zeros, rest - 1) == 0);
}

int addr_compare(const struct addr *a, const struct addr *b)
{
    int r = memcmp(a->b, b->b, sizeof(a->b));

    return r ? r : (int)a->len - (int)b->len;
}
