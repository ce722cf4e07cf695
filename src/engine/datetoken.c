// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/datetoken.h"

#define MONTHS_SHORT "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
#define MONTHS                                                                                     \
    "January|February|March|April|May|June|July|August|September|October|November|December"
#define WEEKDAYS_SHORT "Mon|Tue|Wed|Thu|Fri|Sat|Sun"
#define WEEKDAYS       "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
#define ZONE           "[A-Z](?:[A-Z]{2,4})?"
#define OFFSET         "[+-][01]\\d(?::?\\d{2})?"

// Those with a longer name first. fail2ban narrows %ExY to the decades around its own time; a regex
// that depends on the day would not judge an old log as it did then.
static const struct {
    const char *name, *regex;
    bool fold;
} tokens[] = {
    {"ExY", "(?P<Y>20\\d\\d)", false},
    {"Exy", "(?P<y>\\d\\d)", false},
    {"Exm", "(?P<m>0[1-9]|1[0-2])", false},
    {"Exd", "(?P<d>0[1-9]|[12]\\d|3[01])", false},
    {"ExH", "(?P<H>[01]\\d|2[0-3])", false},
    {"Exk", " ?(?P<H>[01]?\\d|2[0-3])", false},
    {"Exl", " ?(?P<I>1[0-2]|\\d)", false},
    {"ExM", "(?P<M>[0-5]\\d)", false},
    {"ExS", "(?P<S>[0-5]\\d|6[01])", false},
    {"ExZ", "(?P<Z>" ZONE ")", false},
    {"Exz", "(?P<z>(?:" ZONE ")?" OFFSET "|" ZONE ")", false},
    {"Y", "(?P<Y>\\d{4})", false},
    {"y", "(?P<y>\\d\\d)", false},
    {"m", "(?P<m>0?[1-9]|1[0-2])", false},
    {"d", "(?P<d>[12]\\d|[0 ]?[1-9]|3[01])", false},
    {"H", "(?P<H>[01]?\\d|2[0-3])", false},
    {"k", " ?(?P<H>[0-2]?\\d)", false},
    {"I", "(?P<I>1[0-2]|0[1-9]|[1-9])", false},
    {"l", " ?(?P<I>1?\\d)", false},
    {"M", "(?P<M>[0-5]?\\d)", false},
    {"S", "(?P<S>[0-5]?\\d|6[01])", false},
    {"f", "(?P<f>\\d{1,6})", false},
    {"p", "(?P<p>am|pm)", true},
    {"b", "(?P<b>" MONTHS_SHORT ")", true},
    {"B", "(?P<B>" MONTHS ")", true},
    {"a", "(?P<a>" WEEKDAYS_SHORT ")", true},
    {"A", "(?P<A>" WEEKDAYS ")", true},
    {"j", "(?P<j>36[0-6]|3[0-5]\\d|[12]\\d\\d|0[1-9]\\d|00[1-9]|[1-9]\\d|0[1-9]|[1-9])", false},
    {"w", "(?P<w>[0-6])", false},
    {"u", "(?P<u>[1-7])", false},
    {"U", "(?P<U>5[0-3]|[0-4]\\d|\\d)", false},
    {"W", "(?P<W>5[0-3]|[0-4]\\d|\\d)", false},
    {"V", "(?P<V>5[0-3]|0[1-9]|[1-4]\\d|\\d)", false},
    {"G", "(?P<G>\\d{4})", false},
    {"z", "(?P<z>Z|UTC|GMT|" OFFSET ")", false},
    {"Z", "(?P<Z>Z|[A-Z]{3,5})", false},
    {"c",
     "(?P<a>" WEEKDAYS_SHORT ")\\s+(?P<b>" MONTHS_SHORT ")\\s+(?P<d>3[01]|[12]\\d|[0 ]?[1-9])\\s+"
     "(?P<H>[01]\\d|2[0-3]|\\d):(?P<M>[0-5]\\d|\\d):(?P<S>[0-5]\\d|6[01]|\\d)\\s+(?P<Y>\\d{4})",
     true},
    {"x", "(?P<m>1[0-2]|0[1-9]|[1-9])/(?P<d>3[01]|[12]\\d|[0 ]?[1-9])/(?P<y>\\d\\d)", false},
    {"X", "(?P<H>[01]\\d|2[0-3]|\\d):(?P<M>[0-5]\\d|\\d):(?P<S>[0-5]\\d|6[01]|\\d)", false},
    {"%", "%", false},
};

enum { TOKENS = sizeof(tokens) / sizeof(tokens[0]) };

// The index of the token that the text begins with, TOKENS where it is none.
static size_t find(struct slice text)
{
    size_t i = 0;

    while (i < TOKENS && !slice_starts(text, tokens[i].name))
        i++;
    return i;
}

int datetoken_expand(const struct draft *pattern, struct draft *ret, bool *ret_fold,
                     struct fault *ret_fault)
{
    struct slice text = {pattern->text, pattern->n};
    bool fold = false;

    for (size_t i = 0, token; i < text.n; i++) {
        if (text.p[i] != '%') {
            draft_add(ret, (struct slice){text.p + i, 1}, draft_origin(pattern, i));
            continue;
        }
        token = find(slice_from(text, i + 1));
        if (token == TOKENS)
            return fault_set(ret_fault, draft_origin(pattern, i),
                             "begins no token of a date: write %%%% for the character, %%Y %%m %%d "
                             "%%H %%M %%S and so on for the parts of a date");
        draft_add(ret, slice_of(tokens[token].regex), draft_origin(pattern, i));
        fold |= tokens[token].fold;
        i += strlen(tokens[token].name);
    }
    *ret_fold = fold;
    return 0;
}
