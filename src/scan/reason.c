// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/reason.h"

static const struct {
    enum control_reason reason;
    const char *word;
} reasons[] = {
    [BAN_HOST] = {CONTROL_HOST, "host"},
    [BAN_BLOCK] = {CONTROL_BLOCK, "block"},
    [BAN_MANUAL] = {CONTROL_MANUAL, "manual"},
    [BAN_FINGERPRINT] = {CONTROL_FINGERPRINT, "fingerprint"},
};

enum control_reason reason_of(const struct ban *ban)
{
    return reasons[ban->reason].reason;
}

const char *reason_word(const struct ban *ban)
{
    return reasons[ban->reason].word;
}
