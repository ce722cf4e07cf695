// SPDX-License-Identifier: GPL-2.0-or-later
// Real files, real inotify, and what is told of them after each thing that happens.
#include "scan/watch.h"

#include "engine/lines.h"
#include "scan/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

// Paths are relative to a folder of the test's own, of which the watch is given the full name.
struct step {
    enum {
        END,
        APPEND, // a line to a, which is made if it is not there
        FOLDER,
        RENAME, // a to b
        REMOVE,
        LINK, // b, a new or other link, leads to a
        HIDE, // a cannot be read any more
        SHOW,
        TOLD,  // of these, in any order: "0:log 1:sub/log"; all else is quiet
        SCAN,  // the same for watch_scan()
        ASLEEP // nothing is there to read
    } what;
    const char *a, *b;
};

struct story {
    const char *name;
    const char *pattern[3];
    struct step step[24];
};

static const struct story stories[] = {
    {"a file grows, another does not matter",
     {"log"},
     {{APPEND, "log"},
      {TOLD, "0:log"},
      {ASLEEP},
      {APPEND, "log"},
      {APPEND, "log"},
      {TOLD, "0:log"},
      {SCAN, "0:log"},
      {APPEND, "other"},
      {TOLD, ""},
      {APPEND, "other"},
      {ASLEEP}}},
    {"what is there before",
     {"there"},
     {{SCAN, "0:there"}, {APPEND, "there"}, {TOLD, "0:there"}, {ASLEEP}}},
    {"renamed, written to under its new name, made again",
     {"log"},
     {{APPEND, "log"},
      {TOLD, "0:log"},
      {RENAME, "log", "log.1"},
      {TOLD, "0:log"},
      {APPEND, "log.1"},
      {TOLD, "0:log"},
      {APPEND, "log"},
      {TOLD, "0:log"},
      // Its writer may not have left the old one yet.
      {APPEND, "log.1"},
      {TOLD, "0:log"},
      {APPEND, "log"},
      {TOLD, "0:log"},
      {RENAME, "log", "log.2"},
      {APPEND, "log"},
      {TOLD, "0:log"},
      {APPEND, "log.1"},
      {ASLEEP}}},
    {"deleted and made again",
     {"log"},
     {{APPEND, "log"},
      {TOLD, "0:log"},
      {REMOVE, "log"},
      {TOLD, "0:log"},
      {SCAN, ""},
      {ASLEEP},
      {APPEND, "log"},
      {TOLD, "0:log"},
      {APPEND, "log"},
      {TOLD, "0:log"}}},
    {"folders come later, go and come again",
     {"a/b/log"},
     {{SCAN, ""},
      {FOLDER, "a"},
      {TOLD, ""},
      {FOLDER, "a/b"},
      {APPEND, "a/b/log"},
      {TOLD, "0:a/b/log"},
      {APPEND, "a/b/log"},
      {TOLD, "0:a/b/log"},
      {RENAME, "a", "c"},
      {FOLDER, "a"},
      {FOLDER, "a/b"},
      {APPEND, "a/b/log"},
      {RENAME, "c/b", "c/d"},
      {TOLD, "0:a/b/log"},
      {APPEND, "a/b/log"},
      {TOLD, "0:a/b/log"},
      {REMOVE, "a/b/log"},
      {REMOVE, "a/b"},
      {TOLD, "0:a/b/log"},
      {FOLDER, "a/b"},
      {APPEND, "a/b/log"},
      {TOLD, "0:a/b/log"}}},
    {"folders that come whole",
     {"a/b/log"},
     {{FOLDER, "x"},
      {FOLDER, "x/b"},
      {APPEND, "x/b/log"},
      {TOLD, ""},
      {RENAME, "x", "a"},
      {TOLD, "0:a/b/log"},
      {APPEND, "a/b/log"},
      {TOLD, "0:a/b/log"}}},
    {"globs: the next day's file, no folder, no hidden file",
     {"s*-??.log"},
     {{APPEND, "s20150213-00.log"},
      {TOLD, "0:s20150213-00.log"},
      {APPEND, "s20150214-00.log"},
      {APPEND, "p20150214-00.log"},
      {APPEND, ".s20150214-00.log"},
      {FOLDER, "s20150215-00.log"},
      {TOLD, "0:s20150214-00.log"},
      {APPEND, "s20150213-00.log"},
      {APPEND, "s20150214-00.log"},
      {TOLD, "0:s20150213-00.log 0:s20150214-00.log"},
      {SCAN, "0:s20150213-00.log 0:s20150214-00.log"},
      {ASLEEP}}},
    {"globs in every part",
     {"host[ab]/*/mail.*"},
     {{FOLDER, "hosta"},
      {FOLDER, "hostc"},
      {FOLDER, "hosta/x"},
      {APPEND, "hosta/x/mail.log"},
      {TOLD, "0:hosta/x/mail.log"},
      {FOLDER, "hosta/y"},
      {APPEND, "hosta/y/mail.err"},
      {APPEND, "hosta/y/news.err"},
      {FOLDER, "hostb"},
      {FOLDER, "hostb/z"},
      {APPEND, "hostb/z/mail.log"},
      {TOLD, "0:hosta/y/mail.err 0:hostb/z/mail.log"},
      {APPEND, "hosta/y/mail.err"},
      {TOLD, "0:hosta/y/mail.err"},
      {SCAN, "0:hosta/x/mail.log 0:hosta/y/mail.err 0:hostb/z/mail.log"}}},
    {"two patterns for one file",
     {"log", "l*"},
     {{APPEND, "log"},
      {TOLD, "0:log 1:log"},
      {APPEND, "log"},
      {TOLD, "0:log 1:log"},
      {RENAME, "log", "log.1"},
      {TOLD, "0:log 1:log 1:log.1"},
      {APPEND, "log.1"},
      {TOLD, "0:log 1:log 1:log.1"}}},
    {"a link to a log that is rotated elsewhere, and is turned",
     {"log"},
     {{FOLDER, "a"},
      {FOLDER, "b"},
      {LINK, "a/real", "log"},
      {TOLD, ""},
      {APPEND, "a/real"},
      {TOLD, "0:log"},
      {APPEND, "a/real"},
      {TOLD, "0:log"},
      {RENAME, "a/real", "a/real.1"},
      {TOLD, "0:log"},
      {APPEND, "a/real"},
      {TOLD, "0:log"},
      {APPEND, "a/real"},
      {TOLD, "0:log"},
      {APPEND, "b/real"},
      {LINK, "b/real", "log"},
      {TOLD, "0:log"},
      {APPEND, "b/real"},
      {TOLD, "0:log"},
      {APPEND, "a/other"},
      {ASLEEP}}},
    {"a link in the way that is turned",
     {"now/log"},
     {{FOLDER, "a"},
      {FOLDER, "b"},
      {APPEND, "a/log"},
      {APPEND, "b/log"},
      {LINK, "a", "now"},
      {TOLD, "0:now/log"},
      {APPEND, "a/log"},
      {TOLD, "0:now/log"},
      {LINK, "b", "now"},
      {TOLD, "0:now/log"},
      {APPEND, "b/log"},
      {TOLD, "0:now/log"}}},
    {"an unreadable file, and an unreadable folder",
     {"log", "sub/*"},
     {{APPEND, "log"},
      {HIDE, "log"},
      {FOLDER, "sub"},
      {APPEND, "sub/log"},
      {HIDE, "sub"},
      {TOLD, "0:log"},
      {SHOW, "log"},
      {TOLD, "0:log"},
      {APPEND, "log"},
      {TOLD, "0:log"},
      {SHOW, "sub"},
      {TOLD, "1:sub/log"},
      {APPEND, "sub/log"},
      {TOLD, "1:sub/log"}}},
    {"an unreadable folder from the start",
     {"hidden/*"},
     {{SCAN, ""},
      {SHOW, "hidden"},
      {TOLD, "0:hidden/log"},
      {APPEND, "hidden/log"},
      {TOLD, "0:hidden/log"}}},
};

static char home[PATH_MAX], folder[] = "/tmp/test-watch-XXXXXX";

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static void append(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static int enter(void **state)
{
    (void)state;
    strcpy(folder + sizeof(folder) - 7, "XXXXXX");
    if (!mkdtemp(folder) || chmod(folder, 0777) < 0 || chdir(folder) < 0)
        return -1;
    // Root may read everything, so the tests are somebody else's.
    if (geteuid() == 0 && seteuid(65534) < 0)
        return -1;
    append("there", "");
    if (mkdir("hidden", 0755) < 0)
        return -1;
    append("hidden/log", "");
    return chmod("hidden", 0);
}

static int leave(void **state)
{
    int r = getuid() == 0 ? seteuid(0) : 0;

    (void)state;
    if (chdir(home) < 0)
        r = -1;
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return r;
}

struct told {
    size_t n;
    char text[16][64];
};

static int tell(void *user, unsigned pattern, const char *path)
{
    struct told *told = user;

    assert_true(told->n < 16);
    assert_memory_equal(path, folder, strlen(folder));
    snprintf(told->text[told->n++], 64, "%u:%s", pattern, path + strlen(folder) + 1);
    return 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void check_told(struct told *told, const char *want)
{
    char got[16 * 65] = "";

    qsort(told->text, told->n, sizeof(told->text[0]), by_text);
    for (size_t i = 0; i < told->n; i++) {
        strcat(got, i ? " " : "");
        strcat(got, told->text[i]);
    }
    assert_string_equal(got, want);
}

static bool has_input(const struct watch *w, int timeout)
{
    struct pollfd p = {.fd = watch_fd(w), .events = POLLIN};

    return poll(&p, 1, timeout) > 0;
}

static void turn_link(const char *target, const char *path)
{
    assert_int_equal(symlink(target, "turned"), 0);
    assert_int_equal(rename("turned", path), 0);
}

static void do_step(const struct step *s, struct watch *w)
{
    struct told told = {0};

    switch (s->what) {
    case APPEND:
        append(s->a, "line\n");
        break;
    case FOLDER:
        assert_int_equal(mkdir(s->a, 0755), 0);
        break;
    case RENAME:
        assert_int_equal(rename(s->a, s->b), 0);
        break;
    case REMOVE:
        assert_int_equal(remove(s->a), 0);
        break;
    case LINK:
        turn_link(s->a, s->b);
        break;
    case HIDE:
        assert_int_equal(chmod(s->a, 0), 0);
        break;
    case SHOW:
        assert_int_equal(chmod(s->a, 0755), 0);
        break;
    case TOLD:
        assert_int_equal(watch_dispatch(w, tell, &told), 0);
        check_told(&told, s->a);
        break;
    case SCAN:
        assert_int_equal(watch_scan(w, tell, &told), 0);
        check_told(&told, s->a);
        assert_int_equal(watch_dispatch(w, tell, &told), 0);
        break;
    case ASLEEP:
        assert_false(has_input(w, 0));
        break;
    case END:
        break;
    }
}

static void add(struct watch *w, const char *pattern, unsigned want)
{
    char path[PATH_MAX];
    unsigned got;

    snprintf(path, sizeof(path), "%s/%s", folder, pattern);
    assert_int_equal(watch_add(w, path, &got), 0);
    assert_int_equal(got, want);
}

static void tells_stories(void **state)
{
    for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
        struct watch *w;
        assert_int_equal(enter(state), 0);
        assert_int_equal(watch_new(&w), 0);
        print_message("  %s\n", stories[i].name);
        for (unsigned p = 0; p < 3 && stories[i].pattern[p]; p++)
            add(w, stories[i].pattern[p], p);
        for (const struct step *s = stories[i].step; s->what != END; s++)
            do_step(s, w);
        assert_null(watch_free(w));
        assert_int_equal(leave(state), 0);
    }
    assert_int_equal(enter(state), 0);
}

static void refuses_what_is_no_pattern(void **state)
{
    static const char *const bad[] = {"", "log", "./log", "/", "//"};
    char deep[200] = "";
    struct watch *w;
    unsigned pattern = 7;

    (void)state;
    assert_int_equal(watch_new(&w), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(watch_add(w, bad[i], &pattern), -EINVAL);
    for (size_t i = 0; i < 65; i++)
        strcat(deep, "/x");
    assert_int_equal(watch_add(w, deep, &pattern), -EINVAL);
    assert_int_equal(pattern, 7);
    add(w, "log", 0);
    watch_free(w);
    assert_null(watch_free(NULL));
}

static int refuse(void *user, unsigned pattern, const char *path)
{
    (void)user, (void)pattern, (void)path;
    return -ECANCELED;
}

static void passes_on_a_refusal(void **state)
{
    struct watch *w;

    (void)state;
    assert_int_equal(watch_new(&w), 0);
    add(w, "log", 0);
    append("log", "line\n");
    assert_int_equal(watch_dispatch(w, refuse, NULL), -ECANCELED);
    assert_int_equal(watch_scan(w, refuse, NULL), -ECANCELED);
    watch_free(w);
}

// So many events that the kernel drops some: the log that was made last is found all the same.
static void survives_an_overflow(void **state)
{
    unsigned events = 0;
    char name[32];
    FILE *limit = fopen("/proc/sys/fs/inotify/max_queued_events", "re");
    struct told told = {0};
    struct watch *w;

    (void)state;
    if (!limit || fscanf(limit, "%u", &events) != 1 || events > 100000)
        skip();
    fclose(limit);
    assert_int_equal(watch_new(&w), 0);
    add(w, "log*", 0);
    append("log1", "line\n");
    assert_int_equal(watch_dispatch(w, tell, &told), 0);
    for (unsigned i = 0; i < events / 2 + 10; i++) {
        snprintf(name, sizeof(name), "x%u", i % 2);
        append(name, "");
        assert_int_equal(unlink(name), 0);
    }
    append("log1", "line\n");
    append("log2", "line\n");
    assert_int_equal(watch_dispatch(w, tell, &told), 0);
    check_told(&told, "0:log1 0:log1 0:log2");
    told = (struct told){0};
    append("log2", "line\n");
    assert_int_equal(watch_dispatch(w, tell, &told), 0);
    check_told(&told, "0:log2");
    watch_free(w);
}

// A writer that rotates as it writes, and a reader that only does as the watch says.
enum { LINES = 24000, PER_FILE = 120 };

static void rotate(void)
{
    char from[16], to[16];

    for (unsigned i = LINES / PER_FILE + 1; i > 0; i--) {
        snprintf(from, sizeof(from), "log.%u", i - 1);
        snprintf(to, sizeof(to), "log.%u", i);
        rename(i > 1 ? from : "log", to);
    }
}

static void *write_lines(void *user)
{
    char line[32];
    int fd = -1, r = 0;

    (void)user;
    for (unsigned i = 0; i < LINES && r >= 0; i++) {
        // The new file is made at once; the writer goes there a few lines later, as one that must
        // be told to open its log again.
        if (i % PER_FILE == 0) {
            rotate();
            r = open("log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
            close(r);
        }
        if (fd < 0 || i % PER_FILE == 5) {
            if (fd >= 0)
                close(fd);
            fd = open("log", O_WRONLY | O_APPEND | O_CLOEXEC);
        }
        int n = snprintf(line, sizeof(line), "line %u\n", i);
        int cut = i % 3 == 0 ? n / 2 : n;
        if (write(fd, line, (size_t)cut) != cut ||
            (cut < n && write(fd, line + cut, (size_t)(n - cut)) != n - cut))
            r = -1;
    }
    close(fd);
    return r < 0 ? (void *)"cannot write" : NULL;
}

struct reader {
    struct follow *follow;
    struct lines lines;
    unsigned next;
};

static int read_on(void *user, unsigned pattern, const char *path)
{
    struct reader *reader = user;
    struct slice chunk, line;
    char want[32];
    int r;

    (void)pattern, (void)path;
    while ((r = follow_read(reader->follow, &chunk)) > 0) {
        if (r == FOLLOW_E_NEW_FILE) {
            assert_int_equal(lines_pending(&reader->lines), 0);
            continue;
        }
        while (lines_next(&reader->lines, &chunk, &line)) {
            snprintf(want, sizeof(want), "line %u", reader->next++);
            if (!slice_is(line, want))
                print_error("%s: %.*s\n", want, (int)line.n, line.p);
            assert_true(slice_is(line, want));
        }
    }
    return r;
}

static void loses_nothing_under_load(void **state)
{
    char path[PATH_MAX];
    struct reader reader = {0};
    pthread_t writer;
    void *failure;
    struct watch *w;

    (void)state;
    snprintf(path, sizeof(path), "%s/log", folder);
    assert_int_equal(follow_new(path, NULL, &reader.follow), 0);
    assert_int_equal(lines_init(&reader.lines, LINES_MAX), 0);
    append("log", "");
    assert_int_equal(read_on(&reader, 0, path), 0);
    assert_int_equal(watch_new(&w), 0);
    add(w, "log", 0);
    assert_int_equal(pthread_create(&writer, NULL, write_lines, NULL), 0);
    while (reader.next < LINES) {
        assert_true(has_input(w, 10000));
        assert_int_equal(watch_dispatch(w, read_on, &reader), 0);
    }
    pthread_join(writer, &failure);
    assert_null(failure);
    assert_int_equal(read_on(&reader, 0, path), 0);
    assert_int_equal(reader.next, LINES);
    follow_free(reader.follow);
    lines_done(&reader.lines);
    watch_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tells_stories, NULL, leave),
        cmocka_unit_test_setup_teardown(refuses_what_is_no_pattern, enter, leave),
        cmocka_unit_test_setup_teardown(passes_on_a_refusal, enter, leave),
        cmocka_unit_test_setup_teardown(survives_an_overflow, enter, leave),
        cmocka_unit_test_setup_teardown(loses_nothing_under_load, enter, leave),
    };

    if (!getcwd(home, sizeof(home)))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
