// SPDX-License-Identifier: GPL-2.0-or-later
// What a line means: fail2ban's failregexes, compiled by PCRE2 and run under limits. A filter names
// no threshold.
//
// The tags are fail2ban's (<HOST>, <ADDR>, <IP4>, <IP6>, <DNS>, <CIDR>, <SUBNET>, <F-ID>, <F-USER>,
// <F-…>, <F-CONTENT>, <F-NOFAIL>, <F-MLFID>, <F-MLFFORGET>, <F-MLFGAINED>, <SKIPLINES>) and ours:
//
// - <F-COUNT>3</F-COUNT>: this line stands for 3 failures, not 1.
// - <F-TOTAL>3</F-TOTAL>: by this line the session (<F-MLFID>) made 3 attempts in all. All failed
//   but those that <F-OK>1</F-OK> says; a failure with a line of its own counts once.
// - <F-HELO>…</F-HELO>: what the client said in HELO or EHLO, also where it has not failed
//   (<F-NOFAIL>). <F-CLAIM>…</F-CLAIM>: the same, where an honest server may have come to grief as
//   well. <F-CLIENT>…</F-CLIENT>: its verified name. <F-EXISTS>…</F-EXISTS>: it shows that the user
//   exists, and only his password was wrong.
// - <F-SUCCESS>…</F-SUCCESS>: the line tells of a login of <F-USER> and of no failure.
// - <F-DELIVERED>…</F-DELIVERED>: the line tells of a mail that was accepted of its address, and of
//   no failure, whatever else its session has done (engine/peers.h).
// - Of a login that a transcript shows line by line (engine/exchange.h), lines of the session that
//   never count by themselves: <F-MECH>…</F-MECH>, the SASL mechanism that the client chose;
//   <F-ANSWER>…</F-ANSWER>, its answer in base64; <F-LOGIN>…</F-LOGIN> and
//   <F-PASSWORD>…</F-PASSWORD>, both in plain text. And <F-GRANTED>…</F-GRANTED>, the server's
//   consent: a success where the client gave its password just before.
// - <F-TRIED>…</F-TRIED>: the password that this failure was made with, or always the same hash of
//   it: with the same one, the same user's next failure may count nothing (engine/repeats.h).
// - <F-SECRET>…</F-SECRET>: never stored or shown, and masked in the evidence; passwords and
//   answers are so as well.
//
// The regexes are Python's. What PCRE2 reads differently is translated, what it cannot do is
// refused. A log is bytes to them: \w and \d are ASCII, and what is not ASCII stands for its UTF-8
// bytes.
#pragma once

#include "base/addr.h"
#include "engine/stamp.h"

#include <stdbool.h>
#include <stdint.h>

// One regex as it stands in a file, tags and all, %-interpolation and <option> substitution done.
struct pattern {
    const char *text;
    const char *file; // may be NULL
    unsigned line;
};

struct filter_spec {
    const char *name;
    struct pattern prefregex; // text NULL: none
    const struct pattern *failregex, *ignoreregex;
    size_t n_failregex, n_ignoreregex;
    const struct pattern *datepattern; // one template a line; none: fail2ban's default list
    size_t n_datepattern;
    uint32_t maxlines; // how many lines the regexes see at a time, joined by newlines; 0 is 1
    bool has_offset;   // logtimezone: seconds east of UTC for dates that name no zone
    int32_t offset;
    bool use_dns; // <HOST> also matches a host name (which nobody resolves: such a match has no
                  // address)
};

enum { FILTER_FIELDS_MAX = 32, FILTER_ERROR_MAX = 320, FILTER_LINES_MAX = 100 };

struct filter_error {
    const struct pattern *pattern; // into the spec; NULL where it is not about one
    char text[FILTER_ERROR_MAX];   // what is wrong, and what to write instead
};

struct field {
    const char *name; // the group's: of <F-NAME> "name" (but "fid", "fport"); owned by the filter
    struct slice value;
};

struct match {
    unsigned rule;       // index into failregex
    const char *place;   // where it stands, "postfix-auth.conf:23", or ""; the filter's
    bool has_host;       // an address was found
    struct addr host;    // the address, or with <SUBNET> the block
    struct slice name;   // a host name, which nobody resolves, or another text in an address' place
    struct slice id;     // <F-ID>, else empty
    struct slice mlfid;  // <F-MLFID>, else empty: the key of a session
    struct slice user;   // <F-USER> or the first <F-ALT_USER…> that is not empty
    struct slice secret; // <F-SECRET>, <F-PASSWORD>, <F-ANSWER> or <F-TRIED>, else empty
    struct slice users;  // of the session, a NUL behind each; session.h fills it in
    uint32_t lines;      // likewise: how many lines tell of this failure
    struct slice helo;   // <F-HELO> or <F-CLAIM>, or the session's
    struct slice client; // <F-CLIENT>
    struct slice mechanism, answer, login, password; // <F-MECH>, <F-ANSWER>, ...
    struct slice tried;                              // <F-TRIED>
    struct slice delivery; // from <F-DELIVERED> up to the address; p NULL: that is not behind
    uint32_t mark;         // of the password, repeats_mark()'s; session.h fills it in
    bool nofail, forget, gained, exists, success, granted, delivered;
    bool is_claim; // helo is not <F-HELO>'s
    bool has_total;
    uint32_t count, total, ok; // count is 1 without <F-COUNT>
    size_t n_fields; // every named group that took part, in order, but addresses and the secret
    struct field field[FILTER_FIELDS_MAX];
};

enum {
    FILTER_E_MATCH = 1,   // *ret is set
    FILTER_E_IGNORED = 2, // an ignoreregex took the line
    FILTER_E_LIMIT = 3,   // a regex hit its limit: counts as no match
};

struct filter;

// Borrows nothing of the spec but pattern texts in *ret_error. -EINVAL with *ret_error set, or
// -ENOMEM.
int filter_new(const struct filter_spec *spec, struct filter **ret, struct filter_error *ret_error);
struct filter *filter_free(struct filter *f);

// Dates a line as the filter does: the line, or *store where its datepattern finds another date.
// What stamp.h found stands where the filter has no pattern of its own, or only an anchor such as
// {^LN-BEG}, and so does a time that is not in the text (the journal's). now: what dates without a
// year or a day are read against. Lines are passed once, in order; those that it cannot match may
// be missing.
const struct line *filter_date(struct filter *f, const struct line *line, usec_t now,
                               struct line *store);

// For a filter with maxlines: a line that came before the next one that it is shown, and that it
// was not shown as no match could end with it.
void filter_recall(struct filter *f, const struct line *line);

// Matches one line, its date cut out and a newline behind it; with maxlines the last lines, and
// those that matched are not looked at again. 0: not matched, else FILTER_E_*. The slices in *ret
// point into the line; but for those that the date was cut out of, or that lie in an earlier line,
// which are valid until the next call with this filter and as long as the line's body.
int filter_match(struct filter *f, const struct line *line, struct match *ret);

// The same with some of the failregexes only: number i where bit i % 64 of may[i / 64] is set.
// NULL: with all.
int filter_match_some(struct filter *f, const struct line *line, const uint64_t *may,
                      struct match *ret);

// The same from one of the failregexes on: with first = ret->rule + 1 the next that matches the
// same line, for tools that tell of all of them.
int filter_match_from(struct filter *f, const struct line *line, unsigned first, struct match *ret);

// Whether those of the failregexes that may match (as above) do no more than end a session, and
// lines begin with their sessions' ids: they need not be run on a line of none that is known.
bool filter_only_ends(const struct filter *f, const uint64_t *may);

// Whether they tell of a mail that was accepted, and of nothing else.
bool filter_only_delivers(const struct filter *f, const uint64_t *may);

// Whether it keeps nothing of one line for the next, so that it can serve several jails.
bool filter_is_plain(const struct filter *f);

const char *filter_name(const struct filter *f);

// How often a regex has hit its limit, over the filter's life.
uint64_t filter_limits_hit(const struct filter *f);
