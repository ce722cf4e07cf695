// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/privilege.h"

#include "base/cleanup.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static const char *const users[] = {"tailban", "nobody"};
static const char *const log_groups[] = {"adm", "systemd-journal"};

enum { GROUPS_MAX = 3 };

// Whether an id exists in our user namespace: map is /proc/self/uid_map or gid_map.
static bool is_mapped(const char *map, unsigned id)
{
    cleanup(fclosep) FILE *f = fopen(map, "re");
    uint32_t inside, outside, count;

    while (f && fscanf(f, "%" SCNu32 "%" SCNu32 "%" SCNu32, &inside, &outside, &count) == 3) {
        if (id >= inside && id - inside < count)
            return true;
    }
    return false;
}

struct privilege privilege_target(void)
{
    struct privilege self = {getuid(), getgid()};

    if (self.uid != 0)
        return self;
    for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
        const struct passwd *pw = getpwnam(users[i]);
        if (pw && is_mapped("/proc/self/uid_map", pw->pw_uid) &&
            is_mapped("/proc/self/gid_map", pw->pw_gid))
            return (struct privilege){pw->pw_uid, pw->pw_gid};
    }
    return self;
}

static int become(const struct privilege *to)
{
    gid_t groups[GROUPS_MAX] = {to->gid};
    size_t n = 1;

    for (size_t i = 0; i < sizeof(log_groups) / sizeof(log_groups[0]); i++) {
        const struct group *g = getgrnam(log_groups[i]);
        if (g && is_mapped("/proc/self/gid_map", g->gr_gid))
            groups[n++] = g->gr_gid;
    }
    if (setgroups(n, groups) < 0 || setresgid(to->gid, to->gid, to->gid) < 0)
        return -errno;
    return setresuid(to->uid, to->uid, to->uid) < 0 ? -errno : 0;
}

enum { NO_CAPABILITY = -1 };

// Who may not drop from the bounding set has nothing to gain from it either: no_new_privs is set.
static void drop_bounding(int but)
{
    for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++) {
        if (cap != but)
            prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
    }
}

struct capabilities {
    struct __user_cap_header_struct head;
    struct __user_cap_data_struct word[_LINUX_CAPABILITY_U32S_3];
};

// -EPERM: one is left.
static int check_none(void)
{
    struct capabilities c = {.head.version = _LINUX_CAPABILITY_VERSION_3};

    if (syscall(SYS_capget, &c.head, c.word) < 0)
        return -errno;
    for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        if (c.word[i].effective || c.word[i].permitted || c.word[i].inheritable)
            return -EPERM;
    }
    return 0;
}

static int drop_capabilities(void)
{
    struct capabilities none = {.head.version = _LINUX_CAPABILITY_VERSION_3};

    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    // A service manager may have given us none, and filter capset(2) away.
    if (check_none() == 0)
        return 0;
    return syscall(SYS_capset, &none.head, none.word) < 0 ? -errno : check_none();
}

int privilege_drop(const struct privilege *to)
{
    int r;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
    drop_bounding(NO_CAPABILITY);
    r = to->uid != getuid() || to->gid != getgid() ? become(to) : 0;
    if (r == 0)
        r = drop_capabilities();
    // What is in memory is told by no core file, and by no debugger of the same user.
    return r == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : r;
}

int privilege_keep_net_admin(void)
{
    static const uint32_t kept = 1U << CAP_NET_ADMIN;
    struct capabilities c = {.head.version = _LINUX_CAPABILITY_VERSION_3,
                             .word = {{kept, kept, kept}}};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
    drop_bounding(CAP_NET_ADMIN);
    if (syscall(SYS_capset, &c.head, c.word) < 0)
        return -errno;
    // Who is not root gets it back from exec(2) this way.
    return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0) < 0 ? -errno : 0;
}
