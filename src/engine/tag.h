// SPDX-License-Identifier: GPL-2.0-or-later
// fail2ban's tags, <HOST> to <F-USER>…</F-USER>, written out as the regex they stand for.
#pragma once

#include "engine/draft.h"

#include <stdbool.h>

// Adds text to *ret with its tags written out; tags that fail2ban does not know stay as they are.
// use_dns: <HOST> also takes a host name. -EINVAL with *ret_fault set.
int tag_expand(struct slice text, bool use_dns, struct draft *ret, struct fault *ret_fault);
