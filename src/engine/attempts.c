// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/attempts.h"

#include "base/table.h"

#include <errno.h>
#include <stdlib.h>

// A host's, the oldest first.
struct entry {
    uint32_t n;
    struct {
        usec_t time;
        const void *teller; // the jail that counted it
        uint32_t user;      // 0: not said
        bool good;          // made good by a login
    } at[ATTEMPTS_MAX];
};

struct attempts {
    struct table *hosts; // struct addr -> struct entry
    uint32_t expected;   // the hash of the host expected last
};

struct attempts *attempts_new(uint64_t seed)
{
    struct attempts *a = calloc(1, sizeof(*a));

    if (!a)
        return NULL;
    a->hosts = table_new(ATTEMPTS_HOSTS_MAX, sizeof(struct addr), sizeof(struct entry), seed);
    return a->hosts ? a : attempts_free(a);
}

struct attempts *attempts_free(struct attempts *a)
{
    if (a)
        table_free(a->hosts);
    free(a);
    return NULL;
}

void attempts_expect(struct attempts *a, const struct addr *host)
{
    a->expected = table_hash(a->hosts, host);
    table_expect(a->hosts, a->expected);
}

void attempts_expect_soon(const struct attempts *a)
{
    table_expect_entry(a->hosts, a->expected);
}

// Two jails may count the same line; what one of them counts twice are two, for a botnet guesses
// more than once a second.
static bool is_told(const struct entry *e, uint32_t user, usec_t time, const void *teller)
{
    for (uint32_t i = 0; i < e->n; i++) {
        if (e->at[i].time == time && e->at[i].user == user && e->at[i].teller != teller)
            return true;
    }
    return false;
}

// What was made good makes room first: nobody with an account pushes out the others he tries.
static void make_room(struct entry *e)
{
    uint32_t i = 0;

    if (e->n < ATTEMPTS_MAX)
        return;
    while (i < e->n && !e->at[i].good)
        i++;
    i = i < e->n ? i : 0;
    e->n--;
    memmove(e->at + i, e->at + i + 1, (e->n - i) * sizeof(e->at[0]));
}

int attempts_fail(struct attempts *a, const struct addr *host, uint32_t user, usec_t time,
                  const void *teller)
{
    struct entry *e = table_put(a->hosts, host, NULL);

    if (!e)
        return -ENOMEM;
    if (is_told(e, user, time, teller))
        return 0;
    make_room(e);
    e->at[e->n].time = time;
    e->at[e->n].teller = teller;
    e->at[e->n].user = user;
    e->at[e->n++].good = false;
    return 0;
}

void attempts_make_good(struct attempts *a, const struct addr *host, uint32_t user)
{
    struct entry *e = table_get(a->hosts, host);

    for (uint32_t i = 0; e && i < e->n; i++)
        e->at[i].good |= e->at[i].user == user;
}

bool attempts_absolve(struct attempts *a, const struct addr *host, usec_t time, usec_t findtime,
                      uint32_t need)
{
    const struct entry *e = table_get(a->hosts, host);
    uint32_t good = 0, left = 0;

    for (uint32_t i = 0; e && i < e->n; i++) {
        bool is_within = usec_sub(time, e->at[i].time) < findtime;
        good += is_within && e->at[i].good;
        left += is_within && !e->at[i].good;
    }
    return good > 0 && left < need && need <= ATTEMPTS_MAX;
}
