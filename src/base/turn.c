// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/turn.h"

#include <errno.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

// The least that the kernel takes.
#define TURN_NS UINT64_C(100000)

int turn_shorten(void)
{
    struct sched_attr attr = {0};

    if (syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0) < 0)
        return -errno;
    // Elsewhere sched_runtime means something else.
    if (attr.sched_policy != SCHED_NORMAL)
        return -EINVAL;
    attr.sched_runtime = TURN_NS;
    attr.sched_flags |= SCHED_FLAG_RESET_ON_FORK;
    return syscall(SYS_sched_setattr, 0, &attr, 0) < 0 ? -errno : 0;
}
