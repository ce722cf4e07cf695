// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/reverse.h"

#include <stdio.h>

enum { DIGITS = 32 };

void reverse_name(const struct addr *a, const char *zone, char ret[static REVERSE_MAX])
{
    char digits[2 * DIGITS + 1];

    if (addr_is_v4(a)) {
        snprintf(ret, REVERSE_MAX, "%u.%u.%u.%u.%s", a->b[15], a->b[14], a->b[13], a->b[12], zone);
        return;
    }
    for (size_t i = 0; i < DIGITS; i++) {
        unsigned byte = a->b[15 - i / 2];
        digits[2 * i] = "0123456789abcdef"[i % 2 ? byte >> 4 : byte & 15];
        digits[2 * i + 1] = '.';
    }
    digits[2 * DIGITS] = '\0';
    snprintf(ret, REVERSE_MAX, "%s%s", digits, zone);
}

void reverse_pointer(const struct addr *a, char ret[static REVERSE_MAX])
{
    reverse_name(a, addr_is_v4(a) ? "in-addr.arpa" : "ip6.arpa", ret);
}

bool reverse_is_public(const struct addr *a)
{
    static const char *const inner[] = {
        "0.0.0.0/8",      "10.0.0.0/8",    "100.64.0.0/10",  "127.0.0.0/8",
        "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3",
        "::/96",          "fc00::/7",      "fe80::/10",      "ff00::/8",
    };

    for (size_t i = 0; i < sizeof(inner) / sizeof(inner[0]); i++) {
        struct addr net;
        if (addr_parse(slice_of(inner[i]), &net) == 0 && addr_within(a, &net))
            return false;
    }
    return true;
}
