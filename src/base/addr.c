// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/addr.h"

#include <arpa/inet.h>
#include <errno.h>

static uint64_t load(const struct addr *a, unsigned half)
{
    uint64_t bits;

    memcpy(&bits, a->b + half * sizeof(bits), sizeof(bits));
    return be64toh(bits);
}

static void store(struct addr *a, unsigned half, uint64_t bits)
{
    bits = htobe64(bits);
    memcpy(a->b + half * sizeof(bits), &bits, sizeof(bits));
}

// Of one half of the bytes, those bits that lie within so long a prefix.
static uint64_t within(unsigned len, unsigned half)
{
    unsigned n = len > half * 64 ? len - half * 64 : 0;

    return n >= 64 ? UINT64_MAX : ~(UINT64_MAX >> n);
}

static void mask(struct addr *a)
{
    for (unsigned half = 0; half < 2; half++)
        store(a, half, load(a, half) & within(a->len, half));
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// As inet_pton(3) reads it: strict about leading zeros, which are octal elsewhere.
static bool parse_octets(struct slice text, uint8_t ret[static 4])
{
    const char *p = text.p, *end = p + text.n;

    for (unsigned i = 0; i < 4; i++) {
        unsigned value = 0;
        const char *first = p;
        if (i > 0 && (p == end || *p++ != '.'))
            return false;
        for (first = p; p < end && is_digit(*p) && value <= UINT8_MAX; p++)
            value = value * 10 + (unsigned)(*p - '0');
        if (p == first || value > UINT8_MAX || (*first == '0' && p - first > 1))
            return false;
        ret[i] = (uint8_t)value;
    }
    return p == end;
}

static bool parse_v4(struct slice text, struct addr *ret)
{
    uint8_t octet[4];

    if (!parse_octets(text, octet))
        return false;
    memset(ret->b, 0, 10);
    memset(ret->b + 10, 0xff, 2);
    memcpy(ret->b + 12, octet, sizeof(octet));
    ret->len = 128;
    return true;
}

static int parse_bytes(struct slice text, struct addr *ret)
{
    char buf[INET6_ADDRSTRLEN]; // inet_pton(3) wants it terminated

    if (text.n == 0 || text.n >= sizeof(buf))
        return -EINVAL;
    if (parse_v4(text, ret))
        return 0;
    if (!memchr(text.p, ':', text.n) || memchr(text.p, '\0', text.n))
        return -EINVAL;
    memcpy(buf, text.p, text.n);
    buf[text.n] = '\0';
    return inet_pton(AF_INET6, buf, ret->b) == 1 ? 0 : -EINVAL;
}

static int parse_prefix(struct slice text, unsigned most, unsigned *ret)
{
    unsigned value = 0;

    if (text.n == 0 || text.n > 3)
        return -EINVAL;
    for (size_t i = 0; i < text.n; i++) {
        if (!is_digit(text.p[i]))
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
    struct slice host = text;
    const char *slash;
    unsigned prefix;
    int r;

    if (parse_v4(text, ret))
        return 0;
    slash = text.n > 0 ? memchr(text.p, '/', text.n) : NULL;
    if (slash)
        host.n = (size_t)(slash - text.p);
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
        a.len = (uint8_t)(dotted ? ADDR_V4_BITS + prefix : prefix);
        mask(&a);
    }
    *ret = a;
    return 0;
}

static char *format_number(char *to, unsigned n)
{
    if (n >= 100)
        *to++ = (char)('0' + n / 100);
    if (n >= 10)
        *to++ = (char)('0' + n / 10 % 10);
    *to++ = (char)('0' + n % 10);
    *to = '\0';
    return to;
}

static char *format_bytes(const struct addr *a, char ret[static ADDR_TEXT_MAX])
{
    char *to = ret;

    if (!addr_is_v4(a)) {
        inet_ntop(AF_INET6, a->b, ret, ADDR_TEXT_MAX);
        return ret + strlen(ret);
    }
    for (unsigned i = 12; i < sizeof(a->b); i++) {
        if (i > 12)
            *to++ = '.';
        to = format_number(to, a->b[i]);
    }
    return to;
}

size_t addr_format(const struct addr *a, char ret[static ADDR_TEXT_MAX])
{
    return a->len == 128 ? (size_t)(format_bytes(a, ret) - ret) : addr_format_net(a, ret);
}

size_t addr_format_net(const struct addr *a, char ret[static ADDR_TEXT_MAX])
{
    char *to = format_bytes(a, ret);

    *to++ = '/';
    return (size_t)(format_number(to, addr_prefix(a)) - ret);
}

struct addr addr_block(const struct addr *a, unsigned prefix)
{
    struct addr block = *a;
    unsigned len = addr_is_v4(a) ? prefix + ADDR_V4_BITS : prefix;

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

bool addr_is_block(const struct addr *a)
{
    return addr_prefix(a) < (addr_is_v4(a) ? 32 : 64);
}

// By its bytes ::/0 would hold all of IPv4; nobody who writes it means that.
bool addr_within(const struct addr *inner, const struct addr *outer)
{
    if (inner->len < outer->len || addr_is_v4(inner) != addr_is_v4(outer))
        return false;
    for (unsigned half = 0; half < 2; half++) {
        if ((load(inner, half) & within(outer->len, half)) != load(outer, half))
            return false;
    }
    return true;
}

int addr_compare(const struct addr *a, const struct addr *b)
{
    for (unsigned half = 0; half < 2; half++) {
        uint64_t left = load(a, half), right = load(b, half);
        if (left != right)
            return left < right ? -1 : 1;
    }
    return (int)a->len - (int)b->len;
}
