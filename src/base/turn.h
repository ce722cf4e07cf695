// SPDX-License-Identifier: GPL-2.0-or-later
// This process's turns on a processor.
#pragma once

// Short ones, which the scheduler grants sooner: who wakes goes before those who compute, and has
// no larger share for it. Programs that are started from here have the ordinary ones. -errno where
// the scheduling policy is not the ordinary one or the system does not let us; from Linux 6.12 on
// it has an effect.
int turn_shorten(void);
