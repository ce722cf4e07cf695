// SPDX-License-Identifier: GPL-2.0-or-later
// Real files in a folder of their own, and what is read of them after each thing that happens.
#include "folder.h"
#include "scan/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

// Long enough to tell a copy by.
#define X32   "abcdefghijklmnopqrstuvwxyz012345"
#define FIRST "first " X32 X32 X32 X32 "\n"
#define OTHER "other " X32 X32 X32 X32 "\n"

struct step {
    enum {
        END,
        APPEND,   // b to a, which is made if it is not there
        REWRITE,  // a, truncated, gets b: in one go, as seen by a reader
        TRUNCATE, // a to nothing
        RENAME,   // a to b
        COPY,     // a to b
        UNLINK,
        FOLDER,
        LINK, // b, a new or other link, leads to a
        FIFO,
        HIDE, // a cannot be read any more
        SHOW,
        READ,    // gives a: '|' for each new file, "!13" for an error
        RESTART, // from the position, with a's length pending
        FORGET,  // a new follower without a position
    } what;
    const char *a, *b;
};

struct story {
    const char *name;
    struct step step[24];
};

static const struct story stories[] = {
    {"grows",
     {{READ, ""},
      {APPEND, "log", "one\n"},
      {READ, "|one\n"},
      {READ, ""},
      {APPEND, "log", "two\nth"},
      {READ, "two\nth"},
      {APPEND, "log", "ree\n"},
      {READ, "ree\n"}}},
    {"renamed and made again",
     {{APPEND, "log", "one\n"},
      {READ, "|one\n"},
      {RENAME, "log", "log.1"},
      {READ, ""},
      {APPEND, "log.1", "two\n"},
      {READ, "two\n"},
      {APPEND, "log", ""},
      {READ, ""},
      {APPEND, "log.1", "three\n"},
      {APPEND, "log", "four\n"},
      {READ, "three\n|four\n"},
      {APPEND, "log", "five\n"},
      {READ, "five\n"}}},
    {"renamed twice between two reads",
     {{APPEND, "log", "one\n"},
      {READ, "|one\n"},
      {APPEND, "log", "two\n"},
      {RENAME, "log", "log.1"},
      {APPEND, "log", "three\n"},
      {RENAME, "log.1", "log.2"},
      {RENAME, "log", "log.1"},
      {APPEND, "log", ""},
      {RENAME, "log.2", "log.3"},
      {RENAME, "log.1", "log.2"},
      {RENAME, "log", "log.1"},
      {APPEND, "log", "four\n"},
      {READ, "two\n|three\n|four\n"}}},
    {"dated names, while the new file is empty",
     {{APPEND, "log", "one\n"},
      {READ, "|one\n"},
      {RENAME, "log", "log-20260228"},
      {APPEND, "log-20260227", "long read\n"},
      {APPEND, "log-20260302.gz", "not a log\n"},
      {APPEND, "log-20260302", "three\n"},
      {APPEND, "log-20260301", "two\n"},
      {APPEND, "log", ""},
      {READ, "|two\n|three\n"},
      {APPEND, "log", "four\n"},
      {READ, "|four\n"}}},
    {"deleted, made again later",
     {{APPEND, "log", "one\n"},
      {READ, "|one\n"},
      {UNLINK, "log"},
      {READ, ""},
      {APPEND, "log", "two\n"},
      {READ, "|two\n"}}},
    {"truncated",
     {{APPEND, "log", "one\ntwo\n"},
      {READ, "|one\ntwo\n"},
      {TRUNCATE, "log"},
      {READ, "|"},
      {APPEND, "log", "three\n"},
      {READ, "three\n"}}},
    {"truncated and grown beyond its old size",
     {{APPEND, "log", "one\n"},
      {READ, "|one\n"},
      {REWRITE, "log", "two, which is much longer\n"},
      {READ, "|two, which is much longer\n"}}},
    {"truncated and grown to its old size",
     {{APPEND, "log", "one\n"}, {READ, "|one\n"}, {REWRITE, "log", "two\n"}, {READ, "|two\n"}}},
    {"copied and truncated before it was read to its end",
     {{APPEND, "log", FIRST "one\n"},
      {READ, "|" FIRST "one\n"},
      {APPEND, "log", "two\n"},
      {COPY, "log", "log.1"},
      {TRUNCATE, "log"},
      {READ, "two\n"},
      {APPEND, "log", "three\n"},
      {READ, "|three\n"},
      {REWRITE, "log", "four, and no copy of three\n"},
      {READ, "|four, and no copy of three\n"}}},
    {"goes on after a restart",
     {{APPEND, "log", "one\ntwo"},
      {READ, "|one\ntwo"},
      {RESTART, "two"},
      {READ, "|two"},
      {RESTART, ""},
      {APPEND, "log", "\nthree\n"},
      {READ, "|\nthree\n"},
      {RESTART, ""},
      {READ, "|"}}},
    {"grew from nothing during the restart",
     {{APPEND, "log", ""}, {READ, "|"}, {RESTART, ""}, {APPEND, "log", "one\n"}, {READ, "|one\n"}}},
    {"rotated during the restart",
     {{APPEND, "log", "one\n"},
      {READ, "|one\n"},
      {RESTART, ""},
      {APPEND, "log", "two\n"},
      {RENAME, "log", "log.1"},
      {APPEND, "log", "three\n"},
      {READ, "|two\n|three\n"}}},
    {"rotated twice during the restart",
     {{APPEND, "log", "one\n"},
      {READ, "|one\n"},
      {RESTART, ""},
      {APPEND, "log", "two\n"},
      {RENAME, "log", "log.2"},
      {APPEND, "log.1", "three\n"},
      {APPEND, "log", "four\n"},
      {READ, "|two\n|three\n|four\n"}}},
    {"moved to some other name during the restart, nothing new yet",
     {{APPEND, "log", "one\n"},
      {READ, "|one\n"},
      {RESTART, ""},
      {APPEND, "log", "two\n"},
      {RENAME, "log", "old"},
      {READ, "|two\n"},
      {APPEND, "log", "three\n"},
      {READ, "|three\n"}}},
    {"copied and truncated during the restart",
     {{APPEND, "log", FIRST},
      {READ, "|" FIRST},
      {RESTART, ""},
      {APPEND, "log", "two\n"},
      {COPY, "log", "log.1"},
      {REWRITE, "log", OTHER "longer than before\n"},
      {READ, "|two\n|" OTHER "longer than before\n"}}},
    {"moved to another disk during the restart: the same bytes in another inode",
     {{APPEND, "log", FIRST},
      {READ, "|" FIRST},
      {RESTART, ""},
      {COPY, "log", "new"},
      {APPEND, "new", "two\n"},
      {RENAME, "new", "log"},
      {READ, "|two\n"}}},
    {"copied over while it is read",
     {{APPEND, "log", FIRST},
      {READ, "|" FIRST},
      {COPY, "log", "new"},
      {APPEND, "new", "two\n"},
      {RENAME, "new", "log"},
      {READ, "|two\n"}}},
    {"replaced during the restart: another log in the same place",
     {{APPEND, "log", FIRST},
      {READ, "|" FIRST},
      {RESTART, ""},
      {APPEND, "new", OTHER "two\n"},
      {RENAME, "new", "log"},
      {READ, "|" OTHER "two\n"}}},
    {"a short head does not tell a copy",
     {{APPEND, "log", "one\n"},
      {READ, "|one\n"},
      {RESTART, ""},
      {APPEND, "new", "one\ntwo\n"},
      {RENAME, "new", "log"},
      {READ, "|one\ntwo\n"}}},
    {"gone after the restart",
     {{APPEND, "log", "one\n"},
      {READ, "|one\n"},
      {RESTART, ""},
      {UNLINK, "log"},
      {READ, ""},
      {APPEND, "log", "two\n"},
      {READ, "|two\n"}}},
    {"without a position it is read whole",
     {{APPEND, "log", "one\n"}, {READ, "|one\n"}, {FORGET}, {READ, "|one\n"}}},
    {"a link that is turned to another file, and its files' own rotation",
     {{FOLDER, "sub"},
      {APPEND, "sub/a", "one\n"},
      {LINK, "sub/a", "log"},
      {READ, "|one\n"},
      {APPEND, "sub/a", "two\n"},
      {RENAME, "sub/a", "sub/a.1"},
      {APPEND, "sub/a", "three\n"},
      {READ, "two\n|three\n"},
      {APPEND, "sub/b.1", "not ours\n"},
      {APPEND, "sub/b", "four\n"},
      {LINK, "sub/b", "log"},
      {READ, "|four\n"},
      {RESTART, ""},
      {APPEND, "sub/b", "five\n"},
      {RENAME, "sub/b", "sub/b.1"},
      {APPEND, "sub/b", "six\n"},
      {READ, "|five\n|six\n"}}},
    {"what is no file is not read",
     {{FIFO, "log"},
      {READ, "!95"},
      {UNLINK, "log"},
      {FOLDER, "log"},
      {READ, "!21"},
      {RENAME, "log", "sub"},
      {LINK, "/dev/zero", "log"},
      {READ, "!95"},
      {UNLINK, "log"},
      {LINK, "log", "log"},
      {READ, "!40"},
      {UNLINK, "log"},
      {APPEND, "log", "one\n"},
      {READ, "|one\n"},
      {RENAME, "log", "log.1"},
      {FIFO, "log"},
      {READ, "!95"},
      {APPEND, "log.1", "two\n"},
      {READ, "two\n!95"}}},
    {"unreadable for a while",
     {{APPEND, "log", "one\n"},
      {HIDE, "log"},
      {READ, "!13"},
      {SHOW, "log"},
      {READ, "|one\n"},
      {RENAME, "log", "log.1"},
      {APPEND, "log", "three\n"},
      {HIDE, "log"},
      {APPEND, "log.1", "two\n"},
      {READ, "two\n!13"},
      {SHOW, "log"},
      {READ, "|three\n"}}},
};

static void append(const char *path, const char *text, int flags)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | flags, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void copy(const char *from, const char *to)
{
    char bytes[4096];
    int in = open(from, O_RDONLY);
    ssize_t n = read(in, bytes, sizeof(bytes) - 1);

    assert_true(n >= 0);
    bytes[n] = '\0';
    append(to, bytes, O_TRUNC);
    close(in);
}

static void turn_link(const char *target, const char *path)
{
    assert_int_equal(symlink(target, "turned"), 0);
    assert_int_equal(rename("turned", path), 0);
}

static void read_all(struct follow *f, const char *want)
{
    char got[2048] = "";
    struct slice chunk;
    size_t n = 0;
    int r;

    for (unsigned i = 0; i < 100 && (r = follow_read(f, &chunk)) != 0; i++) {
        if (r == FOLLOW_E_CHUNK) {
            assert_true(n + chunk.n < sizeof(got));
            memcpy(got + n, chunk.p, chunk.n);
            n += chunk.n;
        } else if (r == FOLLOW_E_NEW_FILE) {
            got[n++] = '|';
        } else {
            snprintf(got + n, sizeof(got) - n, "!%d", -r);
            break;
        }
    }
    assert_string_equal(got, want);
}

static void restart(struct follow **f, const struct position *at)
{
    follow_free(*f);
    assert_int_equal(follow_new("log", at, f), 0);
}

static void do_step(const struct step *s, struct follow **f)
{
    struct position at;

    switch (s->what) {
    case APPEND:
        append(s->a, s->b, 0);
        break;
    case REWRITE:
        append(s->a, s->b, O_TRUNC);
        break;
    case TRUNCATE:
        assert_int_equal(truncate(s->a, 0), 0);
        break;
    case RENAME:
        assert_int_equal(rename(s->a, s->b), 0);
        break;
    case COPY:
        copy(s->a, s->b);
        break;
    case UNLINK:
        assert_int_equal(unlink(s->a), 0);
        break;
    case FOLDER:
        assert_int_equal(mkdir(s->a, 0755), 0);
        break;
    case LINK:
        turn_link(s->a, s->b);
        break;
    case FIFO:
        assert_int_equal(mkfifo(s->a, 0644), 0);
        break;
    case HIDE:
        assert_int_equal(chmod(s->a, 0), 0);
        break;
    case SHOW:
        assert_int_equal(chmod(s->a, 0644), 0);
        break;
    case READ:
        read_all(*f, s->a);
        break;
    case RESTART:
        assert_int_equal(follow_position(*f, strlen(s->a), &at), 0);
        restart(f, &at);
        break;
    case FORGET:
        restart(f, NULL);
        break;
    case END:
        break;
    }
}

static char home[PATH_MAX];

static int enter(void **state)
{
    char *folder = malloc(sizeof(FOLDER_NAME));

    if (!folder || !folder_make(folder) || chmod(folder, 0777) < 0 || chdir(folder) < 0)
        return -1;
    // Root may read everything, so the tests are somebody else's.
    if (geteuid() == 0 && seteuid(65534) < 0)
        return -1;
    *state = folder;
    return 0;
}

static int leave(void **state)
{
    int r = getuid() == 0 ? seteuid(0) : 0;

    if (chdir(home) < 0)
        r = -1;
    folder_remove(*state);
    free(*state);
    return r;
}

static void tells_stories(void **state)
{
    for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
        struct follow *f;
        assert_int_equal(enter(state), 0);
        assert_int_equal(follow_new("log", NULL, &f), 0);
        print_message("  %s\n", stories[i].name);
        for (const struct step *s = stories[i].step; s->what != END; s++)
            do_step(s, &f);
        assert_null(follow_free(f));
        assert_int_equal(leave(state), 0);
    }
    assert_int_equal(enter(state), 0);
}

static void knows_where_it_is(void **state)
{
    struct follow *f;
    struct slice chunk;
    struct position at;
    struct stat st;

    (void)state;
    assert_int_equal(follow_new("log", NULL, &f), 0);
    assert_string_equal(follow_path(f), "log");
    assert_false(follow_is_open(f));
    assert_int_equal(follow_position(f, 0, &at), -ENOENT);
    assert_int_equal(follow_head(f).n, 0);
    append("log", "one\ntwo", 0);
    assert_int_equal(follow_read(f, &chunk), FOLLOW_E_NEW_FILE);
    assert_true(follow_is_open(f));
    assert_true(slice_is(follow_head(f), "one\ntwo"));
    assert_int_equal(stat("log", &st), 0);
    assert_int_equal(follow_mtime(f) / USEC_PER_SEC, st.st_mtim.tv_sec);
    assert_int_equal(follow_size(f), 7);
    assert_int_equal(follow_offset(f), 0);
    assert_int_equal(follow_read(f, &chunk), FOLLOW_E_CHUNK);
    assert_false(follow_is_live(f));
    assert_int_equal(follow_read(f, &chunk), 0);
    assert_true(follow_is_live(f));
    assert_int_equal(follow_offset(f), 7);
    assert_int_equal(follow_position(f, 3, &at), 0);
    assert_int_equal(at.offset, 4);
    assert_int_equal(at.inode, st.st_ino);
    assert_int_equal(at.device, st.st_dev);
    assert_int_equal(at.head_length, 7);
    follow_free(f);
    assert_null(follow_free(NULL));
}

// More than one chunk, and a head that is full.
static void reads_in_chunks(void **state)
{
    enum { SIZE = FOLLOW_CHUNK * 2 + 100 };
    char *bytes = malloc(SIZE + 1);
    struct follow *f;
    struct slice chunk;
    struct position at;
    size_t n = 0;
    int r;

    (void)state;
    assert_non_null(bytes);
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (char)('a' + i % 23);
    bytes[SIZE] = '\0';
    append("log", bytes, 0);
    assert_int_equal(follow_new("log", NULL, &f), 0);
    assert_int_equal(follow_read(f, &chunk), FOLLOW_E_NEW_FILE);
    while ((r = follow_read(f, &chunk)) == FOLLOW_E_CHUNK) {
        assert_memory_equal(chunk.p, bytes + n, chunk.n);
        n += chunk.n;
    }
    assert_int_equal(r, 0);
    assert_int_equal(n, SIZE);
    assert_int_equal(follow_position(f, 0, &at), 0);
    assert_int_equal(at.head_length, FOLLOW_HEAD);
    // Cut at its end: nothing is read again.
    assert_int_equal(truncate("log", SIZE - 10), 0);
    read_all(f, "|");
    append("log", "new\n", 0);
    read_all(f, "new\n");
    follow_free(f);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tells_stories, NULL, leave),
        cmocka_unit_test_setup_teardown(knows_where_it_is, enter, leave),
        cmocka_unit_test_setup_teardown(reads_in_chunks, enter, leave),
    };

    if (!getcwd(home, sizeof(home)))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
