// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/listing.h"

#define ERRORS_FROM 0x7fffff00U
#define ERRORS_TO   0x7fffffffU

enum { LOOPBACK = 127 };

static uint32_t number_of(const struct addr *a)
{
    return (uint32_t)a->b[12] << 24 | (uint32_t)a->b[13] << 16 | (uint32_t)a->b[14] << 8 | a->b[15];
}

static bool is_loopback(const struct addr *a)
{
    return addr_is_v4(a) && a->b[12] == LOOPBACK;
}

static bool is_error(const struct addr *a)
{
    return is_loopback(a) && number_of(a) >= ERRORS_FROM && number_of(a) <= ERRORS_TO;
}

static bool counts(const struct dns_list *list, const struct addr *a)
{
    uint32_t code = number_of(a);

    // What is for sale answers with somebody's web server.
    if (!is_loopback(a))
        return false;
    for (size_t i = 0; i < list->n_ranges; i++) {
        if (code >= list->range[i].from && code <= list->range[i].to)
            return true;
    }
    return list->n_ranges == 0;
}

enum listing listing_of(const struct dns_list *list, const struct answer *answer,
                        struct addr *ret_code)
{
    enum listing listing = LISTING_NONE;

    if (answer->kind != ANSWER_GIVEN)
        return LISTING_NONE;
    for (size_t i = 0; i < answer->n_addrs; i++) {
        if (is_error(&answer->addr[i]))
            return LISTING_ERROR;
    }
    for (size_t i = 0; i < answer->n_addrs && listing == LISTING_NONE; i++) {
        if (!counts(list, &answer->addr[i]))
            continue;
        *ret_code = answer->addr[i];
        listing = LISTING_GIVEN;
    }
    return listing;
}

enum list_state listing_judge(const struct answer *has, const struct answer *has_not)
{
    static const struct dns_list any = {.weight = 1};
    struct addr code;
    enum listing must = listing_of(&any, has, &code), must_not = listing_of(&any, has_not, &code);

    if (must == LISTING_ERROR || must_not == LISTING_ERROR)
        return LIST_REFUSED;
    if (must_not == LISTING_GIVEN)
        return LIST_DEAD;
    if (has->kind == ANSWER_FAILED || has_not->kind == ANSWER_FAILED)
        return LIST_UNKNOWN;
    return must == LISTING_GIVEN ? LIST_GOOD : LIST_EMPTY;
}
