// SPDX-License-Identifier: GPL-2.0-or-later
// What a client answers, in base64, to SASL's LOGIN and PLAIN. It is a stranger's text and holds
// passwords: of those nothing stays in memory.
#pragma once

#include "base/slice.h"

enum { SASL_USER_MAX = 64 };

enum sasl_form {
    SASL_NAME,  // LOGIN's answers: a name, then a password, alone
    SASL_PLAIN, // an authorization, a name and a password, a NUL behind the first two
};

// The name, up to its first NUL and cut to fit, control characters as '?', a NUL behind it. -EINVAL
// where there is none: the text is no base64 or not of that form, or the name is empty or lies
// beyond the first SASL_BYTES_MAX bytes. Padding may be missing, as clients forget it.
enum { SASL_BYTES_MAX = 768 };
int sasl_user(enum sasl_form form, struct slice base64, char ret_user[static SASL_USER_MAX]);

// The password, in the caller's room, which he wipes. -EINVAL likewise, and where it has no room:
// of a part of it nobody could tell which password it is.
int sasl_password(enum sasl_form form, struct slice base64, char room[static SASL_BYTES_MAX],
                  struct slice *ret);
