// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/objection.h"

#include "wire/guard.h"

#include <stdio.h>

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

const char *objection(const struct roster *roster, const struct cell *cell, const struct addr *net,
                      char *buffer, size_t size)
{
    const char *never = guard_objection(net);

    return never ? never : object_ignoreip(roster, cell, net, buffer, size);
}
