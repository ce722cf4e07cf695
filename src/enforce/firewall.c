// SPDX-License-Identifier: GPL-2.0-or-later
#include "enforce/firewall.h"

#include "enforce/monitor.h"
#include "enforce/netlink.h"
#include "enforce/ruleset.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

// Elements per transaction. More are no faster, and would not fit the socket's default buffer.
enum { CHUNK = 4000 };

// Bans from which on it is worth not to listen while they are installed.
enum { DEAF_LEAST = 1000 };

static const char TABLE[] = "tailban";

// Holds the bans while TABLE is built anew.
static const char STANDIN[] = "tailban-standin";

// Nobody's but the one who enforces here.
static const char CLAIM[] = "tailban-claim";

// Is there for no moment: to see whether we may make any.
static const char TRIAL[] = "tailban-trial";

struct firewall {
    struct netlink *netlink;
    struct monitor *monitor;
    struct batch batch;
    enum element_change renewal;
    struct plan *plan; // what is installed; NULL: nothing of ours
    size_t n;          // elements added since, and with it
    bool changed;      // by somebody else since then
    bool untold;       // and firewall_take_change() has not said so
    bool is_deaf;      // the monitor does not listen
    bool is_disturbed; // somebody changed some table when it did not
    uint32_t others;   // netlink_others() when it ceased to
};

// From Linux 6.12 on an element that is added again takes the new timeout; before, it silently
// keeps the old one.
static enum element_change renewal_here(void)
{
    struct utsname u;
    unsigned major = 0, minor = 0;

    if (uname(&u) < 0 || sscanf(u.release, "%u.%u", &major, &minor) != 2)
        return ELEMENT_RENEW;
    return major > 6 || (major == 6 && minor >= 12) ? ELEMENT_ADD : ELEMENT_RENEW;
}

int firewall_new(struct firewall **ret)
{
    struct firewall *f = calloc(1, sizeof(*f));
    int r;

    if (!f)
        return -ENOMEM;
    f->renewal = renewal_here();
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

enum element_change firewall_renewal(const struct firewall *f)
{
    return f->renewal;
}

bool firewall_is_up(const struct firewall *f)
{
    return f->plan;
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
           e[run].jail == e[0].jail && e[run].slot == e[0].slot)
        run++;
    return run;
}

static void put_elements(struct batch *b, const char *table, struct jail *jails,
                         const struct element *e, size_t n)
{
    for (size_t i = 0, run; i < n; i += run) {
        struct jail *j = &jails[e[i].jail];
        uint8_t *slot = &j->slot[e[i].slot];
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
        uint8_t *slot = &jails[e[i].jail].slot[e[i].slot];
        if (*slot == SLOT_PENDING)
            *slot = done ? SLOT_USED : SLOT_UNUSED;
    }
}

// Where changes go, and who is told of those that the kernel refuses.
struct target {
    const char *table;
    struct jail *jails;
    firewall_refused *refused;
    void *user;
};

// A deaf firewall cannot tell what others have changed, only that they have.
static void notice(struct firewall *f)
{
    uint32_t others;

    if (!f->is_deaf)
        firewall_hear(f);
    else if (netlink_others(f->netlink, &others) == 0 && others != f->others)
        f->changed = f->untold = f->is_disturbed = true;
}

static int attempt(struct firewall *f, const struct target *t, const struct element *e, size_t n)
{
    int r;

    batch_begin(&f->batch);
    put_elements(&f->batch, t->table, t->jails, e, n);
    r = netlink_commit(f->netlink, &f->batch);
    settle(t->jails, e, n, r == 0);
    return r;
}

// The kernel takes a transaction whole or not at all; halving finds the element that it minds.
// known is the error that these n are known to meet (0: none): where the first half of them does
// not, the second half need not be tried as a whole.
static int apply(struct firewall *f, const struct target *t, const struct element *e, size_t n,
                 int known)
{
    int r = known < 0 && n > 1 ? known : attempt(f, t, e, n), first;

    if (r == 0)
        return 0;
    // Where somebody else took the table away, everything fails. The whole state is to be
    // installed again then, and that will tell what is refused.
    notice(f);
    if (f->changed)
        return r;
    if (n == 1) {
        t->refused(t->user, e, r);
        return r;
    }
    first = apply(f, t, e, n / 2, 0);
    apply(f, t, e + n / 2, n - n / 2, first == 0 ? r : 0);
    return r;
}

// How many of them may be carried out; the next one would be a ban too many.
static size_t count_fitting(struct firewall *f, const struct element *e, size_t n)
{
    size_t i = 0;

    for (; i < n && (e[i].change == ELEMENT_REMOVE || f->n < PLAN_BANS_MAX); i++)
        f->n += e[i].change != ELEMENT_REMOVE;
    return i;
}

void firewall_apply(struct firewall *f, const struct element *e, size_t n, firewall_refused *fn,
                    void *user)
{
    const struct target t = {TABLE, f->plan ? f->plan->jail : NULL, fn, user};

    for (size_t i = 0; i < n;) {
        size_t fitting = count_fitting(f, e + i, n - i);
        if (fitting > 0)
            apply(f, &t, e + i, fitting, 0);
        else
            fn(user, &e[i], -ENOSPC);
        i += fitting > 0 ? fitting : 1;
    }
}

static int build(struct firewall *f, const char *table, struct plan *p, firewall_refused *fn,
                 void *user)
{
    const struct target t = {table, p->jail, fn, user};
    int r;

    for (size_t i = 0; i <= PLAN_SPARED; i++)
        memset(p->jail[i].slot, SLOT_UNUSED, sizeof(p->jail[i].slot));
    batch_begin(&f->batch);
    ruleset_remove(&f->batch, table);
    ruleset_put(&f->batch, table, p->jail);
    r = netlink_commit(f->netlink, &f->batch);
    for (size_t i = 0; r == 0 && i < p->n; i += CHUNK)
        apply(f, &t, p->element + i, p->n - i < CHUNK ? p->n - i : CHUNK, 0);
    return r;
}

static int remove_table(struct firewall *f, const char *table)
{
    batch_begin(&f->batch);
    ruleset_remove(&f->batch, table);
    return netlink_commit(f->netlink, &f->batch);
}

int firewall_claim(struct firewall *f)
{
    // What may be refused for want of power is tried first.
    int r = remove_table(f, TRIAL);

    if (r < 0)
        return r;
    batch_begin(&f->batch);
    ruleset_own(&f->batch, CLAIM);
    r = netlink_commit(f->netlink, &f->batch);
    return r == -EPERM ? -EBUSY : r;
}

static void refuse_silently(void *user, const struct element *e, int error)
{
    (void)user, (void)e, (void)error;
}

// -EEXIST: the table is there already.
static int create(struct firewall *f)
{
    batch_begin(&f->batch);
    ruleset_create(&f->batch, TABLE);
    return netlink_commit(f->netlink, &f->batch);
}

// One transaction that takes the old table away and brings the new one lets packets through: sets
// of port ranges get their elements only at the end of the kernel's commit, after the rules that
// look into them. So a second table, built first and removed last, stands in; unless there is
// nothing yet to stand in for.
static int replace(struct firewall *f, struct plan *p, firewall_refused *fn, void *user)
{
    int r = create(f), removed;

    if (r == -EEXIST)
        r = build(f, STANDIN, p, refuse_silently, NULL);
    if (r == 0)
        r = build(f, TABLE, p, fn, user);
    // One may also be left over from an enforcer that was killed.
    removed = remove_table(f, STANDIN);
    return r < 0 ? r : removed;
}

// Where others have just been at work, they are listened to: somebody who changes tables of his own
// all the time must not make us begin again all the time.
static int replace_unheard(struct firewall *f, struct plan *p, firewall_refused *fn, void *user)
{
    bool is_busy = f->is_disturbed;
    int r = 0, heard;

    f->is_disturbed = false;
    if (is_busy || p->n < DEAF_LEAST)
        return replace(f, p, fn, user);
    r = netlink_others(f->netlink, &f->others);
    if (r == 0)
        r = monitor_listen(f->monitor, false);
    if (r < 0)
        return r;
    f->is_deaf = true;
    r = replace(f, p, fn, user);
    heard = monitor_listen(f->monitor, true);
    notice(f);
    f->is_deaf = false;
    return r < 0 ? r : heard;
}

int firewall_install(struct firewall *f, struct plan *p, firewall_refused *fn, void *user)
{
    int r = firewall_hear(f);

    if (r < 0)
        return r;
    f->changed = f->untold = false; // what happened until now is about to be undone
    plan_sort(p->element, p->n);
    r = replace_unheard(f, p, fn, user);
    if (r < 0)
        return r;
    f->n = p->n;
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
