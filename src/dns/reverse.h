// SPDX-License-Identifier: GPL-2.0-or-later
// The names under which DNS knows an address.
#pragma once

#include "base/addr.h"

enum { REVERSE_MAX = 256 }; // with its NUL

// "7.113.0.203.ZONE" (RFC 5782; IPv6 by its digits).
void reverse_name(const struct addr *a, const char *zone, char ret[static REVERSE_MAX]);

// "7.113.0.203.in-addr.arpa", or in ip6.arpa.
void reverse_pointer(const struct addr *a, char ret[static REVERSE_MAX]);

// Whether anybody outside may know of it: not a private, local or loopback address.
bool reverse_is_public(const struct addr *a);
