// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/secret.h"

#include "folder.h"

#include "base/log.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

struct place {
    char dir[sizeof(FOLDER_NAME)], path[PATH_MAX];
};

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));

    *state = p;
    if (!p || !folder_make(p->dir))
        return -1;
    snprintf(p->path, sizeof(p->path), "%s/secret.key", p->dir);
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    bool removed = folder_remove(p->dir);

    free(p);
    return removed ? 0 : -1;
}

static struct siphash_key read_key(const struct place *p)
{
    struct siphash_key key;

    assert_int_equal(secret_read(p->dir, &key), 0);
    return key;
}

static void is_made_once(void **state)
{
    const struct place *p = *state;
    struct siphash_key first = read_key(p), second = read_key(p);
    struct stat st;

    assert_memory_equal(&first, &second, sizeof(first));
    assert_int_equal(stat(p->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, sizeof(first));
}

static void open_to_others(const struct place *p)
{
    assert_int_equal(chmod(p->path, 0640), 0);
}

static void cut(const struct place *p)
{
    assert_int_equal(truncate(p->path, 15), 0);
}

static void lengthen(const struct place *p)
{
    assert_int_equal(truncate(p->path, 17), 0);
}

// It may point to what somebody else knows.
static void link_elsewhere(const struct place *p)
{
    char other[PATH_MAX];

    snprintf(other, sizeof(other), "%s/other", p->dir);
    assert_int_equal(rename(p->path, other), 0);
    assert_int_equal(symlink(other, p->path), 0);
}

static void another_is_made_of_one_that_may_be_known(void **state)
{
    static void (*const spoil[])(const struct place *p) = {open_to_others, cut, lengthen,
                                                           link_elsewhere};
    const struct place *p = *state;

    for (size_t i = 0; i < COUNT(spoil); i++) {
        struct siphash_key before = read_key(p), after, again;
        spoil[i](p);
        after = read_key(p);
        again = read_key(p);
        assert_memory_not_equal(&before, &after, sizeof(before));
        assert_memory_equal(&after, &again, sizeof(after));
    }
}

static void without_a_place_it_is_good_for_a_run(void **state)
{
    const struct place *p = *state;
    struct siphash_key first = {{0}}, second = {{0}};
    char missing[PATH_MAX];

    snprintf(missing, sizeof(missing), "%s/missing", p->dir);
    log_open("test", LEVEL_ERROR);
    assert_int_equal(secret_read(missing, &first), 0);
    assert_int_equal(secret_read(missing, &second), 0);
    assert_memory_not_equal(&first, &second, sizeof(first));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_made_once, setup, teardown),
        cmocka_unit_test_setup_teardown(another_is_made_of_one_that_may_be_known, setup, teardown),
        cmocka_unit_test_setup_teardown(without_a_place_it_is_good_for_a_run, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
