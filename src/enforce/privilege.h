// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps one power, over the network's configuration, and gives up every other for good.
#pragma once

// -EPERM: CAP_NET_ADMIN is missing, or the others cannot be given up.
int privilege_drop(void);
