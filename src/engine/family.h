// SPDX-License-Identifier: GPL-2.0-or-later
// What a name is called when its variable parts are left out. Bots make names up, but each program
// makes them in one shape:
//
//   WIN-7QKD93JX01T        win-<mixed:11>     letters and digits in turn
//   kvbxqtn42              <mixed:9>          or letters that no language puts in a row, and digits
//   qxzvbnrt               <letters:8>        such letters alone (engine/gibberish.h)
//   host-203-0-113-7.isp   host-<ip>.isp      the client's own address, in any usual spelling
//
// Case does not matter, and what is no printable ASCII is a question mark.
#pragma once

#include "base/addr.h"

enum { FAMILY_MAX = 80 }; // with its NUL; of a longer name the first part

// Returns the length, 0 for an empty name. client may be NULL.
size_t family_name(struct slice name, const struct addr *client, char ret[static FAMILY_MAX]);
