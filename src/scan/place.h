// SPDX-License-Identifier: GPL-2.0-or-later
// Where a log's bytes have gone: the files beside it that it was rotated to. Rotated names are the
// log's own with a number or a date behind it: mail.log.1, mail.log-20260228.
#pragma once

#include "ledger/ledger.h"

#include <sys/stat.h>

// Opens a log for reading. -EISDIR, -ENOTSUP (a FIFO or a device, which would not even be opened:
// that can block or have effects), or -errno of open(2).
int place_open(int folder, const char *path, struct stat *ret_st, int *ret_fd);

uint64_t place_hash(const void *head, size_t n);

// Whether a file is the one that a position names, or (a log may have been copied and truncated) a
// copy of it: its head is the same and it is long enough.
bool place_is(int fd, const struct position *p);

// Whether path is a name that log is rotated to.
bool place_is_rotated(const char *path, const char *log);

// The file beside path that a position names, whatever it is called now, or a copy of it with a
// rotated name. -ENOENT.
int place_find(const char *path, const struct position *p, int *ret_fd);

// The rotated file beside path that came after another, which is open: next in the order of names,
// or, where that one has no name any more, the first that was written to later. Empty files are
// passed over. -ENOENT; -EAGAIN where the names were being shifted meanwhile.
int place_next(const char *path, int after, int *ret_fd);
