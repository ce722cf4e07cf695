// SPDX-License-Identifier: GPL-2.0-or-later
// Why a ban was made, in the words of those who ask.
#pragma once

#include "ledger/ledger.h"
#include "wire/control.h"

// As clients are told, and as a hook is: "host", "block", "manual", "fingerprint".
enum control_reason reason_of(const struct ban *ban);
const char *reason_word(const struct ban *ban);
