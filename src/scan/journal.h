// SPDX-License-Identifier: GPL-2.0-or-later
// The entries of a systemd journal that a journalmatch chooses, as lines of a log:
// "HOST PROGRAM[PID]: MESSAGE", with the time that the journal has for them. A line break in an
// entry becomes the two characters "\n", so that no entry can forge a second line. Rotation,
// vacuuming and a journal that comes to exist later are taken as they come.
#pragma once

#include "conf/config.h"
#include "engine/stamp.h"
#include "ledger/ledger.h"

struct journal;

// conf is borrowed. Reading goes on behind the entry that start names or, where it names none or
// that one is gone, at its time. What it waits for is added to the epoll descriptor poll_fd.
// -ENOMEM.
int journal_new(const struct journal_conf *conf, const struct bookmark *start, int poll_fd,
                struct journal **ret);
struct journal *journal_free(struct journal *j);

// Takes note of what has changed; to be called when poll_fd polls. Whether there may be more to
// read now.
bool journal_process(struct journal *j);

enum { JOURNAL_E_LINE = 1, JOURNAL_E_OVERLONG = 2 };

// The next entry: JOURNAL_E_LINE with *ret_line set until the next call, JOURNAL_E_OVERLONG for one
// longer than LINES_MAX, 0 at the end, or -errno where the journal cannot be read: it is opened
// anew at the next call.
int journal_read(struct journal *j, struct line *ret_line);

// Where reading goes on.
const struct bookmark *journal_bookmark(struct journal *j);

// Whether it holds any entry that we may read.
bool journal_has_entries(const struct journal *j);
