// SPDX-License-Identifier: GPL-2.0-or-later
// `port`: numbers, service names, ranges "1000:2000" or "1000-2000", separated by commas or spaces;
// "all" and 0:65535 are all ports. Behind one, "/tcp" or "/udp" says so for it alone.
#pragma once

#include "conf/config.h"

enum { PORTS_MAX = 64, PORTS_ERROR_MAX = 160 };

enum ports_protocol { PORTS_TCP = 1, PORTS_UDP = 2, PORTS_ALL = 3 };

// "tcp", "udp", "tcp,udp", "all". -EINVAL.
int ports_protocol(struct slice text, enum ports_protocol *ret);

// All ports give none in ret. -EINVAL with what is wrong in ret_error.
int ports_parse(struct slice text, enum ports_protocol protocol,
                struct port_range ret[static PORTS_MAX], size_t *ret_n,
                char ret_error[static PORTS_ERROR_MAX]);
