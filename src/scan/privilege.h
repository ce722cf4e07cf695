// SPDX-License-Identifier: GPL-2.0-or-later
// Giving power away for good: what reads text that an attacker wrote must have none.
#pragma once

#include <sys/types.h>

// Whom to become: user `tailban`, else `nobody`; ourselves where we are not uid 0, there is
// neither, or the user namespace does not have them.
struct privilege {
    uid_t uid;
    gid_t gid;
};
struct privilege privilege_target(void);

// Becomes that user, with the groups that may read logs, and drops every capability for good
// (bounding set included) and what exec(2) could give back; and there is no core file of this
// process any more, which has read passwords. -errno: nothing may be gone on with;
// -EPERM also where a capability is left.
int privilege_drop(const struct privilege *to);

// Keeps CAP_NET_ADMIN, for programs that are executed as well, and drops every other capability for
// good. -errno: it cannot be kept.
int privilege_keep_net_admin(void);
