// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/cover.h"

// The ban that may be covered, and what is found.
struct search {
    const struct roster *roster;
    const struct cell *cell;
    const struct addr *net;
    usec_t until;
    int64_t id;
    usec_t spared; // until when, by bans of blocks
    struct cover found;
};

static bool has_ports(const struct jail_conf *c, const struct port_range *p)
{
    for (size_t i = 0; i < c->n_port; i++) {
        const struct port_range *own = &c->port[i];
        if (own->proto == p->proto && own->from <= p->from && p->to <= own->to)
            return true;
    }
    return c->n_port == 0;
}

// Whether a jail keeps out of all that the other does, in the same way.
static bool includes(const struct jail_conf *c, const struct jail_conf *other)
{
    if (c->watch_only || c->reject != other->reject || (other->n_port == 0 && c->n_port > 0))
        return false;
    for (size_t i = 0; i < other->n_port; i++) {
        if (!has_ports(c, &other->port[i]))
            return false;
    }
    return true;
}

static bool is_older(const struct search *s, int64_t id)
{
    return s->id == COVER_NEW || id < s->id;
}

static bool covers(void *user, const char *jail, const struct addr *net, usec_t until, int64_t id)
{
    struct search *s = user;
    const struct cell *c = until >= s->until ? roster_find(s->roster, slice_of(jail)) : NULL;
    bool same = addr_compare(net, s->net) == 0;

    if (addr_is_block(net) && s->spared >= until)
        return false;
    if (!c || (c == s->cell && same) || (c != s->cell && !includes(c->conf, s->cell->conf)))
        return false;
    if (same && until == s->until && includes(s->cell->conf, c->conf) && !is_older(s, id))
        return false;
    s->found = (struct cover){id, *net, c->conf->name, until};
    return true;
}

bool cover_find(const struct ledger *ledger, const struct roster *roster, const struct cell *cell,
                const struct addr *net, usec_t until, int64_t id, struct cover *ret)
{
    struct peers_host peer = {0};
    struct search s = {roster, cell, net, until, id, 0, {0}};

    if (!addr_is_block(net) && peers_look(roster->reputation.peers, net, &peer))
        s.spared = peer.spared;
    if (!ledger_around(ledger, net, covers, &s))
        return false;
    if (ret)
        *ret = s.found;
    return true;
}
