// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/journal.h"

#include "base/cleanup.h"
#include "base/take.h"
#include "engine/lines.h"
#include "scan/watch.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <systemd/sd-journal.h>

// What may be cut off a field is then longer than any line.
enum { FIELD_MAX = LINES_MAX + 256 };

struct journal {
    const struct journal_conf *conf;
    struct bookmark at;
    int poll_fd;
    sd_journal *sd;      // NULL: to be opened
    struct watch *watch; // where sd-journal cannot tell by itself that there is more
    bool has_moved;      // since at.cursor was set
    char *text;          // LINES_MAX bytes: the line
    size_t n;
    bool is_overlong;
};

static void close_sd(struct journal *j)
{
    journal_bookmark(j);
    sd_journal_close(j->sd);
    j->sd = NULL;
}

int journal_new(const struct journal_conf *conf, const struct bookmark *start, int poll_fd,
                struct journal **ret)
{
    struct journal *j = calloc(1, sizeof(*j));
    char *text = malloc(LINES_MAX);

    if (!j || !text) {
        free(j);
        free(text);
        return -ENOMEM;
    }
    *j = (struct journal){.conf = conf, .at = *start, .poll_fd = poll_fd, .text = text};
    *ret = j;
    return 0;
}

struct journal *journal_free(struct journal *j)
{
    if (j) {
        sd_journal_close(j->sd);
        watch_free(j->watch);
        free(j->text);
        free(j);
    }
    return NULL;
}

// Waiting for journal files

static const char *const system_folders[] = {"/var/log/journal", "/run/log/journal"};

static int watch_folder(struct watch *w, const char *folder)
{
    cleanup(freep) char *here = NULL, *below = NULL;
    unsigned pattern;
    int r;

    if (asprintf(&here, "%s/*.journal", folder) < 0 ||
        asprintf(&below, "%s/*/*.journal", folder) < 0)
        return -ENOMEM;
    r = watch_add(w, here, &pattern);
    return r < 0 ? r : watch_add(w, below, &pattern);
}

static int watch_all(const struct journal_conf *c, struct watch *w)
{
    unsigned pattern;
    int r = 0;

    for (size_t i = 0; i < c->n_file && r == 0; i++)
        r = watch_add(w, c->file[i], &pattern);
    if (c->path)
        return r < 0 ? r : watch_folder(w, c->path);
    for (size_t i = 0; i < 2 && r == 0 && c->n_file == 0; i++)
        r = watch_folder(w, system_folders[i]);
    return r;
}

static int add_fd(struct journal *j, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};

    return epoll_ctl(j->poll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

// For any change in the journal's place, or (folder) for files in one of the system's.
static int start_watch(struct journal *j, const char *folder)
{
    struct watch *w;
    int r = watch_new(&w);

    if (r < 0)
        return r;
    r = folder ? watch_folder(w, folder) : watch_all(j->conf, w);
    if (r == 0)
        r = add_fd(j, watch_fd(w));
    if (r < 0) {
        watch_free(w);
        return r;
    }
    watch_free(j->watch);
    j->watch = w;
    return 0;
}

// Opening

static int open_files(const struct journal_conf *c, sd_journal **ret)
{
    const char **paths;
    glob_t found = {0};
    int r = 0;

    for (size_t i = 0; i < c->n_file && r != GLOB_NOSPACE; i++)
        r = glob(c->file[i], i ? GLOB_APPEND : 0, NULL, &found);
    paths = (const char **)found.gl_pathv;
    r = r == GLOB_NOSPACE ? -ENOMEM : found.gl_pathc == 0 ? -ENOENT : 0;
    if (r == 0)
        r = sd_journal_open_files(ret, paths, 0);
    globfree(&found);
    return r;
}

static int open_place(const struct journal_conf *c, sd_journal **ret)
{
    if (c->n_file)
        return open_files(c, ret);
    if (c->path)
        return sd_journal_open_directory(ret, c->path, (int)c->flags);
    return sd_journal_open_namespace(ret, c->name_space, (int)c->flags);
}

static int add_matches(const struct journal *j)
{
    int r = 0;

    for (size_t i = 0; i < j->conf->n_match && r >= 0; i++) {
        const char *word = j->conf->match[i];
        r = strcmp(word, "+") == 0 ? sd_journal_add_disjunction(j->sd)
                                   : sd_journal_add_match(j->sd, word, 0);
    }
    return r;
}

// Of what has the very time of an entry that is gone, all that is left was read before it was gone.
static int seek(const struct journal *j)
{
    bool named = j->at.cursor[0] != '\0';

    if (named && sd_journal_seek_cursor(j->sd, j->at.cursor) >= 0 && sd_journal_next(j->sd) > 0 &&
        sd_journal_test_cursor(j->sd, j->at.cursor) > 0)
        return 0;
    return sd_journal_seek_realtime_usec(j->sd, usec_add(j->at.time, named ? 1 : 0));
}

bool journal_has_entries(const struct journal *j)
{
    uint64_t first, last;

    return j->sd && sd_journal_get_cutoff_realtime_usec(j->sd, &first, &last) > 0;
}

static int open_sd(struct journal *j)
{
    int r = open_place(j->conf, &j->sd);

    if (r >= 0)
        r = sd_journal_set_data_threshold(j->sd, FIELD_MAX);
    if (r >= 0)
        r = add_matches(j);
    if (r >= 0 && j->conf->n_file == 0) {
        r = sd_journal_get_fd(j->sd);
        r = r < 0 ? r : add_fd(j, r);
    }
    return r < 0 ? r : seek(j);
}

// sd-journal looks after the folders that were there when it was opened, but a journal may become
// persistent later.
static int keep_watch(struct journal *j)
{
    const struct journal_conf *c = j->conf;
    bool is_system = !c->path && c->n_file == 0;

    if (c->n_file > 0 || !journal_has_entries(j))
        return 0;
    if (is_system && access(system_folders[0], F_OK) < 0)
        return start_watch(j, system_folders[0]);
    j->watch = watch_free(j->watch);
    return 0;
}

// The watch comes first: what appears while the journal is opened must not be missed.
static int open_journal(struct journal *j)
{
    int r = start_watch(j, NULL);

    if (r >= 0)
        r = open_sd(j);
    return r < 0 ? r : keep_watch(j);
}

static int note_path(void *user, unsigned pattern, const char *path)
{
    (void)pattern, (void)path;
    *(bool *)user = true;
    return 0;
}

bool journal_process(struct journal *j)
{
    bool is_new = false;

    if (j->watch)
        watch_dispatch(j->watch, note_path, &is_new);
    if (is_new && j->sd)
        close_sd(j);
    if (is_new || !j->sd)
        return is_new;
    return j->conf->n_file == 0 && sd_journal_process(j->sd) != SD_JOURNAL_NOP;
}

// Entries

static bool get(const struct journal *j, const char *field, struct slice *ret)
{
    const void *data;
    size_t n, skip = strlen(field) + 1;

    if (sd_journal_get_data(j->sd, field, &data, &n) < 0 || n <= skip)
        return false;
    *ret = (struct slice){(const char *)data + skip, n - skip};
    return true;
}

static void put(struct journal *j, struct slice s)
{
    if (s.n > LINES_MAX - j->n) {
        j->is_overlong = true;
        return;
    }
    memcpy(j->text + j->n, s.p, s.n);
    j->n += s.n;
}

static void put_field(struct journal *j, struct slice s)
{
    const char *end;

    while (s.n > 0 && !j->is_overlong && (end = memchr(s.p, '\n', s.n))) {
        put(j, (struct slice){s.p, (size_t)(end - s.p)});
        put(j, slice_of("\\n"));
        s = slice_from(s, (size_t)(end - s.p) + 1);
    }
    put(j, s);
}

static bool is_number(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!is_digit(s.p[i]))
            return false;
    }
    return s.n > 0;
}

// What syslog(3) was told is what a file would show; where it was told nothing, or nonsense, it is
// what journald knows.
static void put_program(struct journal *j)
{
    struct slice s;

    if (!get(j, "SYSLOG_IDENTIFIER", &s) && !get(j, "_COMM", &s))
        return;
    put_field(j, s);
    if ((get(j, "SYSLOG_PID", &s) && is_number(s)) || get(j, "_PID", &s)) {
        put(j, slice_of("["));
        put_field(j, s);
        put(j, slice_of("]"));
    }
    put(j, slice_of(": "));
}

static usec_t time_of(const struct journal *j, usec_t received)
{
    struct slice s;
    usec_t t = 0;

    if (!get(j, "_SOURCE_REALTIME_TIMESTAMP", &s) || !is_number(s) || s.n > 18)
        return received;
    for (size_t i = 0; i < s.n; i++)
        t = t * 10 + (usec_t)(s.p[i] - '0');
    return t;
}

static int read_entry(struct journal *j, struct line *ret)
{
    uint64_t received;
    struct slice s;
    int r = sd_journal_get_realtime_usec(j->sd, &received);

    if (r < 0)
        return r;
    j->at.time = received;
    j->has_moved = true;
    j->n = 0;
    j->is_overlong = false;
    if (get(j, "_HOSTNAME", &s)) {
        put_field(j, s);
        put(j, slice_of(" "));
    }
    put_program(j);
    if (get(j, "MESSAGE", &s))
        put_field(j, s);
    if (j->is_overlong)
        return JOURNAL_E_OVERLONG;
    *ret = (struct line){.text = {j->text, j->n}, .time = time_of(j, received), .dated = true};
    return JOURNAL_E_LINE;
}

// Whether something is there that may not be read.
static bool is_closed(const char *pattern)
{
    glob_t found = {0};
    bool closed = false;

    if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc && !closed; i++)
            closed = access(found.gl_pathv[i], R_OK) < 0 && errno == EACCES;
    }
    globfree(&found);
    return closed;
}

static bool is_folder_closed(const char *folder)
{
    static const char *const levels[] = {"", "/*", "/*/*.journal"};
    bool closed = false;

    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]) && !closed; i++) {
        cleanup(freep) char *pattern = NULL;
        closed = asprintf(&pattern, "%s%s", folder, levels[i]) >= 0 && is_closed(pattern);
    }
    return closed;
}

// sd-journal passes over what it may not read, as if it were not there.
static int check_access(const struct journal_conf *c)
{
    bool closed = false;

    for (size_t i = 0; i < c->n_file && !closed; i++)
        closed = is_closed(c->file[i]);
    if (c->path)
        closed = closed || is_folder_closed(c->path);
    for (size_t i = 0; i < 2 && !c->path && c->n_file == 0 && !closed; i++)
        closed = is_folder_closed(system_folders[i]);
    return closed ? -EACCES : 0;
}

int journal_read(struct journal *j, struct line *ret_line)
{
    int r = j->sd ? 0 : open_journal(j);

    if (r >= 0)
        r = sd_journal_next(j->sd);
    if (r == 0 && !journal_has_entries(j))
        r = check_access(j->conf);
    if (r > 0)
        r = read_entry(j, ret_line);
    if (r < 0) {
        close_sd(j);
        start_watch(j, NULL);
    }
    return r;
}

const struct bookmark *journal_bookmark(struct journal *j)
{
    cleanup(freep) char *cursor = NULL;

    if (!j->has_moved)
        return &j->at;
    j->has_moved = false;
    // An entry that was vacuumed under our hands has no cursor any more.
    if (sd_journal_get_cursor(j->sd, &cursor) >= 0 && strlen(cursor) < sizeof(j->at.cursor)) {
        strcpy(j->at.cursor, cursor);
    } else {
        j->at.cursor[0] = '\0';
        j->at.time++;
    }
    return &j->at;
}
