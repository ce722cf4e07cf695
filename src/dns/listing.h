// SPDX-License-Identifier: GPL-2.0-or-later
// What the answer of a DNS list means (RFC 5782).
#pragma once

#include "conf/dnsconf.h"
#include "dns/resolver.h"

enum listing {
    LISTING_NONE,  // not listed, or for a reason that does not count
    LISTING_GIVEN, // listed
    LISTING_ERROR, // 127.255.255.0/24: the list does not answer us
};

// *ret_code: the address that says why, where it is listed.
enum listing listing_of(const struct dns_list *list, const struct answer *answer,
                        struct addr *ret_code);

// Whether a list can be believed, by what it says of 127.0.0.2, which every list has, and of
// 127.0.0.1, which none has.
enum list_state {
    LIST_UNTRIED,
    LIST_GOOD,
    LIST_UNKNOWN, // no answer
    LIST_REFUSED, // it does not answer us
    LIST_EMPTY,   // it does not have 127.0.0.2
    LIST_DEAD,    // it has 127.0.0.1, and so perhaps everybody
};
enum list_state listing_judge(const struct answer *has, const struct answer *has_not);
