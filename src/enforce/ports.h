// SPDX-License-Identifier: GPL-2.0-or-later
// Ports and ranges of ports, of TCP or UDP.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct ports {
    uint8_t proto; // IPPROTO_TCP or IPPROTO_UDP
    uint16_t from, to;
};

// Sorts ranges and makes one of those that overlap, for the kernel refuses a set in which two do.
// Returns how many are left.
size_t ports_merge(struct ports *p, size_t n);
