// SPDX-License-Identifier: GPL-2.0-or-later
// fail2ban's tags, <HOST> to <F-USER>…</F-USER>, written out as the regex they stand for.
#pragma once

#include "engine/draft.h"

#include <stdbool.h>

#define TAG_SKIPLINES "skiplines" // the group of the first <SKIPLINES> is skiplines0

// Adds text to *ret with its tags written out; tags that fail2ban does not know stay as they are.
// use_dns: <HOST> also takes a host name.
void tag_expand(struct slice text, bool use_dns, struct draft *ret);
