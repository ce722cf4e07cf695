// SPDX-License-Identifier: GPL-2.0-or-later
// What has been found out about a host so far.
#pragma once

#include "dns/inquiry.h"

struct finding {
    uint32_t weight;
    size_t n; // of text
    char text[INQUIRY_TEXT_MAX];
    bool is_failed; // somebody did not answer
    usec_t ttl;     // of what was answered; USEC_FOREVER: nothing was
    bool has_names, is_confirmed, is_vague;
    struct gist gist;
    char name[ANSWER_NAME_MAX]; // the first
};

void finding_init(struct finding *f);

// The answers of a list, of the question for the host's names, and of one for a name's addresses.
enum listing finding_list(struct finding *f, const struct dns_list *list,
                          const struct answer *answer);
void finding_names(struct finding *f, const struct dns_conf *conf, const struct addr *host,
                   const struct answer *answer);
void finding_addresses(struct finding *f, const struct addr *host, const struct answer *answer);

// All answers are there.
void finding_close(struct finding *f, const struct dns_conf *conf);

// How long it may be kept.
usec_t finding_life(const struct finding *f);
