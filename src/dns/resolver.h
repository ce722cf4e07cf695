// SPDX-License-Identifier: GPL-2.0-or-later
// Questions to name servers, without waiting for the answers. A few seconds and tries per question;
// answers from others, or to what was not asked, are not taken.
#pragma once

#include "base/addr.h"
#include "base/span.h"

enum { ANSWER_ADDRS_MAX = 32, ANSWER_NAMES_MAX = 4, ANSWER_NAME_MAX = 256 };

struct answer {
    enum {
        ANSWER_FAILED, // nobody knows: no answer, SERVFAIL, REFUSED, nonsense
        ANSWER_NONE,   // there is no such name, or nothing of this kind
        ANSWER_GIVEN
    } kind;
    size_t n_addrs, n_names;
    bool is_cut; // there were more
    struct addr addr[ANSWER_ADDRS_MAX];
    char name[ANSWER_NAMES_MAX][ANSWER_NAME_MAX];
    usec_t ttl; // of the addresses
};

// May be called before resolver_ask() returns; never after resolver_free().
typedef void reply_fn(void *user, const struct answer *answer);

enum question { QUESTION_V4, QUESTION_V6, QUESTION_POINTER };

struct resolver;

// What came of the questions so far.
struct resolver_counters {
    uint64_t asked, answered, failed;
    uint64_t silence; // failed: the last ones in a row
};

// servers: as in struct dns_conf. -EINVAL, -ENOMEM, or -errno.
int resolver_new(const char *servers, struct resolver **ret);
struct resolver *resolver_free(struct resolver *r);

void resolver_ask(struct resolver *r, const char *name, enum question question, reply_fn *fn,
                  void *user);

struct resolver_counters resolver_counters(const struct resolver *r);

// The descriptor to poll for input, how long to wait for it at most (USEC_FOREVER: nothing is under
// way), and what to call then.
int resolver_fd(const struct resolver *r);
usec_t resolver_wait(const struct resolver *r);
void resolver_work(struct resolver *r);
