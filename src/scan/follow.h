// SPDX-License-Identifier: GPL-2.0-or-later
// One log file, read as it grows: appended to, renamed and recreated, truncated and rewritten,
// deleted, missing for a while. Each byte is handed out once. What is left in a renamed file is
// read to its end before the new one at its path is taken up.
#pragma once

#include "base/slice.h"
#include "ledger/ledger.h"

enum { FOLLOW_CHUNK = 256 * 1024, FOLLOW_HEAD = 4096 };

enum {
    FOLLOW_E_CHUNK = 1, // *ret_chunk holds bytes, valid until the next call
    // What comes next is another file's, the first one included: partial lines and stamps start
    // afresh.
    FOLLOW_E_NEW_FILE = 2
};

struct follow;

// start: where reading goes on if the file is still that one (device, inode, hash of its head, and
// at least as long); else, and with NULL, from its beginning. If the file at path is another one
// now, the folder is searched for the one that start names (renamed since), and its rest is read
// first. The file need not exist yet. -ENOMEM.
int follow_new(const char *path, const struct position *start, struct follow **ret);
struct follow *follow_free(struct follow *f);

// Reads on. 0: nothing more for now (call again when the file or its folder changed), else
// FOLLOW_E_*, or -errno where the file is there but cannot be read (-EACCES): it is tried again at
// the next call.
int follow_read(struct follow *f, struct slice *ret_chunk);

const char *follow_path(const struct follow *f);

// The beginning of the current file and its mtime, for stamp_hint_*(). Empty before the first read.
struct slice follow_head(const struct follow *f);
usec_t follow_mtime(const struct follow *f);

// Whether a file is open now; how many of its bytes have been handed out, and its size.
bool follow_is_open(const struct follow *f);
uint64_t follow_offset(const struct follow *f);
uint64_t follow_size(const struct follow *f);

// Whether the end has been reached since the file was opened: what comes after is live.
bool follow_is_live(const struct follow *f);

// What to keep so that nothing is lost or read twice: the place `pending` bytes behind what has
// been handed out. -ENOENT where no file has been opened yet.
int follow_position(const struct follow *f, uint64_t pending, struct position *ret);
