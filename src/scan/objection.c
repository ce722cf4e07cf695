// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/objection.h"

#include <stdio.h>

enum { V4_FLOOR = 8, V6_FLOOR = 32 };

static bool overlaps(const struct addr *a, const struct addr *b)
{
    return addr_within(a, b) || addr_within(b, a);
}

// The text of the first exempt net that banning net would hit, or NULL.
static const char *find_exempt(const struct exempt *e, const struct addr *net,
                               char ret[static ADDR_TEXT_MAX])
{
    for (size_t i = 0; i < e->n; i++) {
        if (overlaps(&e->net[i], net)) {
            addr_format(&e->net[i], ret);
            return ret;
        }
    }
    return NULL;
}

static const char *object_ignoreip(const struct roster *roster, const struct cell *cell,
                                   const struct addr *net, char *buffer, size_t size)
{
    char text[ADDR_TEXT_MAX];

    for (size_t i = 0; i < roster->n; i++) {
        const struct jail_conf *conf = roster->cell[i].conf;
        // A ban in no jail of its own concerns the ports of every jail.
        if (cell != &roster->cell[i] && cell->conf != &roster->manual)
            continue;
        if (find_exempt(&conf->ignoreip, net, text)) {
            snprintf(buffer, size, "ignoreip of jail %s has %s", conf->name, text);
            return buffer;
        }
    }
    if (find_exempt(&cell->exempt, net, text)) {
        snprintf(buffer, size, "%s is this host's own address", text);
        return buffer;
    }
    return NULL;
}

// What the enforcer refuses as well (enforce/guard.h): a ban that is not in force must not be
// listed.
static const struct {
    const char *net, *what;
} never[] = {
    {"0.0.0.0/8", "is this host itself"},
    {"127.0.0.0/8", "is this host itself"},
    {"::", "is this host itself"},
    {"::1", "is this host itself"},
    {"224.0.0.0/4", "is multicast: no sender"},
    {"ff00::/8", "is multicast: no sender"},
    {"fe80::/10", "is link-local: it may be a router"},
};

const char *objection(const struct roster *roster, const struct cell *cell, const struct addr *net,
                      char *buffer, size_t size)
{
    struct addr reserved;

    if (addr_prefix(net) < (addr_is_v4(net) ? V4_FLOOR : V6_FLOOR))
        return "it is too wide: /8 is the widest block of IPv4, /32 of IPv6";
    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
        if (addr_parse(slice_of(never[i].net), &reserved) == 0 && overlaps(&reserved, net)) {
            snprintf(buffer, size, "%s %s", never[i].net, never[i].what);
            return buffer;
        }
    }
    return object_ignoreip(roster, cell, net, buffer, size);
}
