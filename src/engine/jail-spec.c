// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/jail.h"

void jail_budget_init(struct jail_budget *b, size_t bytes, size_t jails)
{
    size_t sessions = bytes / 8;

    budget_init(&b->tracks, bytes - sessions, jails);
    b->sessions = sessions_fitting(sessions / (jails > 0 ? jails : 1));
}

static bool strange_valid(const struct level *l)
{
    if (l->strange_hosts == 0 || l->strange_hits == 0)
        return l->strange_hosts == l->strange_hits;
    return l->strange_hosts <= l->hosts && l->strange_hits <= l->hits;
}

static bool levels_valid(const struct level *level, size_t n, unsigned host_prefix)
{
    unsigned narrower = host_prefix;

    if (n > NETBLOCK_LEVELS_MAX)
        return false;
    for (size_t i = 0; i < n; narrower = level[i].prefix, i++) {
        if (level[i].prefix == 0 || level[i].prefix >= narrower || level[i].hosts == 0 ||
            level[i].hosts > NETBLOCK_HOSTS_MAX || level[i].hits == 0 ||
            level[i].hits > NETBLOCK_HITS_MAX || level[i].findtime == 0 ||
            !strange_valid(&level[i]))
            return false;
    }
    return true;
}

bool jail_spec_valid(const struct jail_spec *s)
{
    unsigned host_v6 = jail_spec_host_prefix(s, &(struct addr){0});

    return s->maxretry > 0 && s->maxretry <= JAIL_MAXRETRY_MAX && s->findtime > 0 &&
           host_v6 >= 64 && host_v6 <= 128 && levels_valid(s->v4, s->n_v4, 32) &&
           levels_valid(s->v6, s->n_v6, host_v6);
}

static usec_t longest(const struct level *level, size_t n, usec_t so_far)
{
    for (size_t i = 0; i < n; i++)
        so_far = level[i].findtime > so_far ? level[i].findtime : so_far;
    return so_far;
}

usec_t jail_spec_findtime(const struct jail_spec *s)
{
    return longest(s->v4, s->n_v4, longest(s->v6, s->n_v6, s->findtime));
}

const struct level *jail_spec_levels(const struct jail_spec *spec, const struct addr *net,
                                     size_t *ret_n)
{
    bool v4 = addr_is_v4(net);

    *ret_n = v4 ? spec->n_v4 : spec->n_v6;
    return v4 ? spec->v4 : spec->v6;
}
