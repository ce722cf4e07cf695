// SPDX-License-Identifier: GPL-2.0-or-later
// What tailban.conf says of evidence from DNS: the lists to ask, and what each sign weighs.
#pragma once

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    DNS_LISTS_MAX = 8,
    DNS_RANGES_MAX = 4,
    DNS_ZONE_MAX = 160, // with its NUL; the digits of an IPv6 address go in front
    DNS_SERVERS_MAX = 256,
    DNS_WEIGHT_MAX = 100,
};

// A list counts where it answers with an address in one of its ranges; none: any of 127.0.0.0/8.
struct dns_list {
    char zone[DNS_ZONE_MAX]; // may contain a key: dnsconf_show() what is shown
    uint32_t weight, n_ranges;
    struct dns_range {
        uint32_t from, to; // IPv4, as numbers
    } range[DNS_RANGES_MAX];
};

struct dns_conf {
    bool on;
    size_t n_lists;
    struct dns_list list[DNS_LISTS_MAX];
    uint32_t noptr, unconfirmed, generic; // weights of what is wrong with the name; 0: not asked
    char servers[DNS_SERVERS_MAX]; // "192.0.2.1:53,[2001:db8::1]:53"; "": those of resolv.conf
};

// "zen.spamhaus.org=2@127.0.0.2-127.0.0.9 bl.example.org", as in tailban.conf(5). -EINVAL.
int dnsconf_lists(struct slice text, struct dns_conf *ret);
void dnsconf_print_lists(const struct dns_conf *c, FILE *out);

// Addresses with or without ports. -EINVAL.
int dnsconf_servers(struct slice text, struct dns_conf *ret);

// The zone as people may see it: a first label that looks like a customer's key is "KEY".
void dnsconf_show(const char *zone, char ret[static DNS_ZONE_MAX]);
