// SPDX-License-Identifier: GPL-2.0-or-later
#include "enforce/privilege.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// capget(2) and capset(2) have no wrappers in the C library. Two words of 32 capabilities each.
struct capabilities {
    struct __user_cap_header_struct header;
    struct __user_cap_data_struct word[_LINUX_CAPABILITY_U32S_3];
};

static const uint32_t wanted[_LINUX_CAPABILITY_U32S_3] = {[CAP_NET_ADMIN / 32] =
                                                              1U << (CAP_NET_ADMIN % 32)};

static int read_capabilities(struct capabilities *c)
{
    *c = (struct capabilities){.header.version = _LINUX_CAPABILITY_VERSION_3};
    return syscall(SYS_capget, &c->header, c->word) < 0 ? -errno : 0;
}

static bool exactly_wanted(const struct capabilities *c)
{
    for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        if (c->word[i].permitted != wanted[i] || c->word[i].effective != wanted[i])
            return false;
    }
    return true;
}

int privilege_drop(void)
{
    struct capabilities c;
    int r;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return -errno;
    r = read_capabilities(&c);
    // A service manager may have given us just this one, and filter capset(2) away.
    if (r < 0 || exactly_wanted(&c))
        return r;
    for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
        c.word[i] = (struct __user_cap_data_struct){wanted[i], wanted[i], 0};
    return syscall(SYS_capset, &c.header, c.word) < 0 ? -errno : 0;
}
