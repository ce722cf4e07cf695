// SPDX-License-Identifier: GPL-2.0-or-later
#include "enforce/firewall.h"

#include "enforce/monitor.h"
#include "enforce/netlink.h"
#include "enforce/ruleset.h"

#include <errno.h>
#include <stdlib.h>

// Elements per transaction. More are no faster, and would not fit the socket's default buffer.
enum { CHUNK = 4000 };

static const char TABLE[] = "tailban";

// Holds the bans while TABLE is built anew.
static const char STANDIN[] = "tailban-standin";

struct firewall {
    struct netlink *netlink;
    struct monitor *monitor;
    struct batch batch;
    struct plan *plan; // what is installed; NULL: nothing of ours
    bool changed;      // by somebody else since then
    bool untold;       // and firewall_take_change() has not said so
};

int firewall_new(struct firewall **ret)
{
    struct firewall *f = calloc(1, sizeof(*f));
    int r;

    if (!f)
        return -ENOMEM;
    r = netlink_new(&f->netlink);
    if (r == 0)
        r = batch_init(&f->batch);
    if (r == 0)
        r = monitor_new(TABLE, netlink_portid(f->netlink), &f->monitor);
    if (r < 0) {
        firewall_free(f);
        return r;
    }
    *ret = f;
    return 0;
}

struct firewall *firewall_free(struct firewall *f)
{
    if (f) {
        plan_free(f->plan);
        batch_done(&f->batch);
        monitor_free(f->monitor);
        netlink_free(f->netlink);
    }
    free(f);
    return NULL;
}

bool firewall_has_jail(const struct firewall *f, uint16_t jail)
{
    return f->plan && plan_has_jail(f->plan, jail);
}

int firewall_fd(const struct firewall *f)
{
    return monitor_fd(f->monitor);
}

int firewall_hear(struct firewall *f)
{
    int r = monitor_hear(f->monitor);

    if (r == MONITOR_E_CHANGED)
        f->changed = f->untold = true;
    return r < 0 ? r : 0;
}

bool firewall_take_change(struct firewall *f)
{
    bool take = f->plan && f->untold;

    f->untold = false;
    return take;
}

// How many elements from the first on go into the same messages.
static size_t run_length(const struct element *e, size_t n)
{
    size_t run = 1;

    while (run < n && run < RULESET_ELEMENTS_MAX && e[run].change == e[0].change &&
           e[run].jail == e[0].jail && slot_of(&e[run].net) == slot_of(&e[0].net))
        run++;
    return run;
}

static void put_elements(struct batch *b, const char *table, struct jail *jails,
                         const struct element *e, size_t n)
{
    for (size_t i = 0, run; i < n; i += run) {
        struct jail *j = &jails[e[i].jail];
        uint8_t *slot = &j->slot[slot_of(&e[i].net)];
        run = run_length(e + i, n - i);
        // What was never banned need not be unbanned.
        if (e[i].change == ELEMENT_REMOVE && *slot == SLOT_UNUSED)
            continue;
        if (*slot == SLOT_UNUSED) {
            ruleset_put_set(b, table, j, &e[i].net);
            *slot = SLOT_PENDING;
        }
        ruleset_put_elements(b, table, j, e + i, run);
    }
}

// Sets stand or fall with the transaction that was to create them.
static void settle(struct jail *jails, const struct element *e, size_t n, bool done)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t *slot = &jails[e[i].jail].slot[slot_of(&e[i].net)];
        if (*slot == SLOT_PENDING)
            *slot = done ? SLOT_USED : SLOT_UNUSED;
    }
}

static int attempt(struct firewall *f, const char *table, struct jail *jails,
                   const struct element *e, size_t n)
{
    int r;

    batch_begin(&f->batch);
    put_elements(&f->batch, table, jails, e, n);
    r = netlink_commit(f->netlink, &f->batch);
    settle(jails, e, n, r == 0);
    return r;
}

// The kernel takes a transaction whole or not at all; halving finds the element that it minds.
static void apply(struct firewall *f, const char *table, struct jail *jails,
                  const struct element *e, size_t n, firewall_refused *fn, void *user)
{
    int r = attempt(f, table, jails, e, n);

    if (r == 0)
        return;
    // Where somebody else took the table away, everything fails. The whole state is to be
    // installed again then, and that will tell what is refused.
    firewall_hear(f);
    if (f->changed)
        return;
    if (n == 1) {
        fn(user, e, r);
        return;
    }
    apply(f, table, jails, e, n / 2, fn, user);
    apply(f, table, jails, e + n / 2, n - n / 2, fn, user);
}

void firewall_apply(struct firewall *f, const struct element *e, size_t n, firewall_refused *fn,
                    void *user)
{
    if (n > 0)
        apply(f, TABLE, f->plan->jail, e, n, fn, user);
}

static int build(struct firewall *f, const char *table, struct plan *p, firewall_refused *fn,
                 void *user)
{
    int r;

    for (size_t i = 0; i < ORDER_JAILS_MAX; i++)
        memset(p->jail[i].slot, SLOT_UNUSED, sizeof(p->jail[i].slot));
    batch_begin(&f->batch);
    ruleset_remove(&f->batch, table);
    ruleset_put(&f->batch, table, p->jail);
    r = netlink_commit(f->netlink, &f->batch);
    for (size_t i = 0; r == 0 && i < p->n; i += CHUNK)
        apply(f, table, p->jail, p->element + i, p->n - i < CHUNK ? p->n - i : CHUNK, fn, user);
    return r;
}

static int remove_table(struct firewall *f, const char *table)
{
    batch_begin(&f->batch);
    ruleset_remove(&f->batch, table);
    return netlink_commit(f->netlink, &f->batch);
}

static void refuse_silently(void *user, const struct element *e, int error)
{
    (void)user, (void)e, (void)error;
}

// One transaction that takes the old table away and brings the new one lets packets through: sets
// of port ranges get their elements only at the end of the kernel's commit, after the rules that
// look into them. So a second table, built first and removed last, stands in.
static int replace(struct firewall *f, struct plan *p, firewall_refused *fn, void *user)
{
    int r = build(f, STANDIN, p, refuse_silently, NULL), removed;

    if (r == 0)
        r = build(f, TABLE, p, fn, user);
    removed = remove_table(f, STANDIN);
    return r < 0 ? r : removed;
}

int firewall_install(struct firewall *f, struct plan *p, firewall_refused *fn, void *user)
{
    int r = firewall_hear(f);

    if (r < 0)
        return r;
    f->changed = f->untold = false; // what happened until now is about to be undone
    plan_sort(p);
    r = replace(f, p, fn, user);
    if (r < 0)
        return r;
    plan_forget_bans(p);
    plan_free(f->plan);
    f->plan = p;
    return 0;
}

int firewall_clear(struct firewall *f)
{
    int r = remove_table(f, STANDIN);

    if (r == 0)
        r = remove_table(f, TABLE);
    if (r == 0)
        f->plan = plan_free(f->plan);
    return r;
}
