// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/alarms.h"

#include "base/log.h"

#include <stdio.h>

void alarms_resume(struct alarms *a, const struct caps *caps)
{
    for (enum cap cap = 0; cap < CAP_N; cap++)
        a->told[cap] = caps_alarm(caps, cap).since;
}

void alarms_tell(struct alarms *a, const struct caps *caps)
{
    char limit[CAPS_TEXT_MAX];

    for (enum cap cap = 0; cap < CAP_N; cap++) {
        usec_t since = caps_alarm(caps, cap).since;
        if (since == a->told[cap])
            continue;
        a->told[cap] = since;
        caps_text(caps, cap, limit);
        log_line(
            LEVEL_ERROR,
            "bans are held back: %s is reached; see tailban status, and raise it in tailban.conf "
            "if these bans are right",
            limit);
    }
}

bool alarms_text(const struct caps *caps, enum cap cap, usec_t now, char ret[static ALARM_TEXT_MAX])
{
    struct caps_alarm a = caps_alarm(caps, cap);
    char limit[CAPS_TEXT_MAX], ago[SPAN_TEXT_MAX];

    if (a.since == 0 || usec_sub(now, a.last) > CAPS_QUIET_S * USEC_PER_SEC)
        return false;
    caps_text(caps, cap, limit);
    span_format(usec_sub(now, a.since) / USEC_PER_SEC * USEC_PER_SEC, ago);
    snprintf(ret, ALARM_TEXT_MAX, "bans are held back: %s is reached, %llu times in the last %s",
             limit, (unsigned long long)a.held, ago);
    return true;
}
