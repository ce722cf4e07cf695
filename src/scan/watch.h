// SPDX-License-Identifier: GPL-2.0-or-later
// The one inotify descriptor: which files match the logpaths, and which of them changed. Patterns
// are glob(7) patterns; files that come to match later are found, in folders that come to exist
// later as well.
#pragma once

#include <stdbool.h>

struct watch;

// Called for each path that matches a pattern and is new or may have changed; pattern is the index
// that watch_add() gave. A path is reported at least once per change; being told of no change does
// no harm.
typedef int watch_fn(void *user, unsigned pattern, const char *path);

// -errno of inotify_init1(2), or -ENOMEM.
int watch_new(struct watch **ret);
struct watch *watch_free(struct watch *w);

// The descriptor to poll for input.
int watch_fd(const struct watch *w);

// -EINVAL: not an absolute path. -ENOSPC: fs.inotify.max_user_watches is used up.
int watch_add(struct watch *w, const char *pattern, unsigned *ret_pattern);

// Reports every path that matches now.
int watch_scan(struct watch *w, watch_fn *fn, void *user);

// Reads what inotify has to say, without blocking, and reports it. After a queue overflow
// everything is reported. fn's negative result is passed on.
int watch_dispatch(struct watch *w, watch_fn *fn, void *user);
