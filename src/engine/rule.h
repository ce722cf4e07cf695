// SPDX-License-Identifier: GPL-2.0-or-later
// One regex of a filter, compiled, and what its groups mean. Inside the engine only.
#pragma once

#include "engine/filter.h"
#include "engine/regex.h"

// The groups whose text we act on.
enum key {
    KEY_FID,
    KEY_IP4,
    KEY_IP6,
    KEY_DNS,
    KEY_CIDR,
    KEY_MLFID,
    KEY_USER,
    KEY_NOFAIL,
    KEY_FORGET,
    KEY_GAINED,
    KEY_CONTENT,
    KEY_COUNT,
    KEY_TOTAL,
    KEY_OK,
    KEY_SECRET,
    KEY_SKIPLINES,
    KEY_HELO,
    KEY_CLIENT,
    KEY_CLAIM,
    KEY_EXISTS,
    KEY_SUCCESS,
    KEY_DELIVERED,
    KEY_MECH,
    KEY_ANSWER,
    KEY_LOGIN,
    KEY_PASSWORD,
    KEY_GRANTED,
    KEY_TRIED,
    KEY_N // any other group
};

struct group {
    enum key key;
    bool alternative; // <F-ALT_…>: stands in where the group of that key is empty
};

enum { PLACE_MAX = 64 };

struct rule {
    struct regex regex;
    char place[PLACE_MAX];          // in its file: "postfix-auth.conf:23"; empty: it is in none
    struct group group[GROUPS_MAX]; // as in its names
    unsigned keys;                  // 1 << key of those that are there
    unsigned stand_ins;             // and of alternatives
    bool only_ends;     // a match only ends its session, where it is not told a user elsewhere
    bool only_delivers; // a match always tells of a mail that was accepted
    bool id_begins;     // a session's id, if a match takes one, begins where the text does
};

// flags: REGEX_*. -EINVAL with *ret_error set, or -ENOMEM. rule_done() is due in any case.
int rule_init(struct rule *r, const struct pattern *pattern, bool use_dns, unsigned flags,
              struct filter_error *ret_error);
void rule_done(struct rule *r);

// A list of regexes, of which the first that matches counts.
struct rules {
    struct rule *rule;
    size_t n;
};

// What a filter is made of, for sieve.h.
struct filter_parts {
    struct rule *prefix; // NULL: none
    const struct rules *fail;
    struct matcher *matcher;
    size_t lines;  // looks at so many at a time
    bool one_line; // at one
    bool is_plain; // lines are cut where stamp.h found a date
};
void filter_parts(struct filter *f, struct filter_parts *ret);

// Whether one of the groups is there that say whose failure it is.
bool rule_has_id(const struct rule *r);

// Whether the group is there that names a session.
bool rule_has_session(const struct rule *r);

// Whether one of the groups is there that tell of a user or a login.
bool rule_tells(const struct rule *r);

// 0: no match, else FILTER_E_MATCH or FILTER_E_LIMIT. Behind the subject stands a newline, as it
// does for fail2ban's regexes: they may take it, but it is not part of anything that they find.
int rule_match(struct rule *r, struct matcher *m, struct slice subject);

// What groups took, key by key (p NULL: took no part) and as fields.
struct values {
    struct slice key[KEY_N];
    size_t n;
    struct field field[FILTER_FIELDS_MAX];
};

// The lines that the i-th <SKIPLINES> skipped in the last match. False: there is none.
bool rule_skipped(const struct rule *r, const struct matcher *m, struct slice subject, unsigned i,
                  struct slice *ret);

// How many fields a match of it can have at most.
size_t rule_fields(const struct rule *r);

// Adds what the last match took: it replaces what is there under the same key or name.
void rule_values(const struct rule *r, const struct matcher *m, struct slice subject,
                 struct values *v);
