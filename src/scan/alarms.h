// SPDX-License-Identifier: GPL-2.0-or-later
// That a cap (engine/caps.h) holds bans back is said: in the log when it begins, and in the status
// as long as it goes on.
#pragma once

#include "engine/caps.h"

struct alarms {
    usec_t told[CAP_N]; // the beginning of the one told last
};

// After a reload: what goes on has been told.
void alarms_resume(struct alarms *a, const struct caps *caps);

// Logs what has begun since the last call.
void alarms_tell(struct alarms *a, const struct caps *caps);

// What there is to say of a cap now. False: nothing.
enum { ALARM_TEXT_MAX = 160 };
bool alarms_text(const struct caps *caps, enum cap cap, usec_t now,
                 char ret[static ALARM_TEXT_MAX]);
