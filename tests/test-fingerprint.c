// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/fingerprint.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define DAY USEC_PER_DAY

enum { SEED = 5, HOSTS = 4, BLOCKS = 3, PUBLIC = FINGERPRINT_PUBLIC_FACTOR, MARGIN = 16 };

#define HELO FINGERPRINT_HELO
#define USER FINGERPRINT_USER

static const struct fingerprint_spec spec = {7 * DAY, HOSTS, BLOCKS};
static const usec_t start = 100 * DAY;

// The i-th host of the b-th block.
static struct addr host(unsigned b, unsigned i)
{
    char text[32];
    struct addr a;

    snprintf(text, sizeof(text), "198.%u.%u.%u", 18 + b / 256, b % 256, i + 1);
    assert_int_equal(addr_parse(slice_of(text), &a), 0);
    return a;
}

static int seen(struct fingerprints *f, enum fingerprint_kind kind, const char *text, unsigned b,
                unsigned i, usec_t time)
{
    struct addr client = host(b, i);

    return fingerprints_fail(f, &(struct name){kind, slice_of(text), &client}, time);
}

static struct fingerprints *new_fingerprints(void)
{
    struct fingerprints *f = fingerprints_new(&spec, SEED);

    assert_non_null(f);
    return f;
}

// That know the users.
static struct fingerprints *old_fingerprints(void)
{
    struct fingerprints *f = new_fingerprints();

    assert_int_equal(seen(f, HELO, "first", 0, 0, start - DAY), 0);
    return f;
}

static void clear(struct fingerprints *f, enum fingerprint_kind kind, const char *text, usec_t time)
{
    struct addr client = host(250, 0);

    assert_int_equal(fingerprints_clear(f, &(struct name){kind, slice_of(text), &client},
                                        slice_of("anna"), time),
                     0);
}

static void set(struct fingerprints *f, enum fingerprint_kind kind, const char *text,
                enum fingerprint_state as)
{
    assert_int_equal(fingerprints_set(f, kind, slice_of(text), as, start), 0);
}

static bool is_known(struct fingerprints *f, enum fingerprint_kind kind, const char *text,
                     usec_t now)
{
    struct fingerprint_standing s;

    fingerprints_look(f, &(struct name){kind, slice_of(text), NULL}, now, &s);
    return s.is_fingerprint;
}

// So many hosts, spread over so many blocks, of which this is the first, a second apart.
static int attack_from(unsigned first, struct fingerprints *f, enum fingerprint_kind kind,
                       const char *text, unsigned hosts, unsigned blocks, usec_t time)
{
    int r = 0;

    for (unsigned i = 0; i < hosts; i++)
        r = seen(f, kind, text, first + i % blocks, i, time + i * USEC_PER_SEC);
    return r;
}

static int attack(struct fingerprints *f, enum fingerprint_kind kind, const char *text,
                  unsigned hosts, unsigned blocks, usec_t time)
{
    return attack_from(0, f, kind, text, hosts, blocks, time);
}

static const struct {
    enum fingerprint_kind kind;
    const char *name;
    unsigned hosts, blocks;
    int r; // of the last failure
} learned[] = {
    {HELO, "ylmf-pc", HOSTS, BLOCKS, FINGERPRINT_E_NEW},
    {HELO, "ylmf-pc", HOSTS + 1, BLOCKS, FINGERPRINT_E_KNOWN},
    {HELO, "ylmf-pc", HOSTS - 1, BLOCKS, 0},
    {HELO, "ylmf-pc", 30, BLOCKS - 1, 0},
    {HELO, "", HOSTS, BLOCKS, 0},
    {USER, "admin", HOSTS, HOSTS, FINGERPRINT_E_NEW},
    {USER, "admin@example.com", HOSTS, HOSTS, FINGERPRINT_E_NEW},
    {USER, "@example.com", HOSTS, HOSTS, FINGERPRINT_E_NEW},
    // It could be an honest server.
    {HELO, "mail.example.com", PUBLIC *HOSTS - 1, PUBLIC *HOSTS - 1, 0},
    {HELO, "mail.example.com", PUBLIC *HOSTS, PUBLIC *BLOCKS, FINGERPRINT_E_NEW},
};

static void test_learned(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(learned) / sizeof(*learned); i++) {
        struct fingerprints *f = old_fingerprints();
        assert_int_equal(
            attack(f, learned[i].kind, learned[i].name, learned[i].hosts, learned[i].blocks, start),
            learned[i].r);
        assert_int_equal(is_known(f, learned[i].kind, learned[i].name, start), learned[i].r > 0);
        fingerprints_free(f);
    }
}

static int note_news(void *user, const struct fingerprint_standing *s, enum fingerprint_kind kind)
{
    char *to = user;

    snprintf(to + strlen(to), FAMILY_MAX + 8, "%s:%s ", kind == HELO ? "helo" : "user", s->family);
    assert_int_equal(s->hosts, HOSTS);
    assert_int_equal(s->blocks, BLOCKS);
    return 0;
}

// Each name once; nothing of one that was cleared before anybody asked.
static void test_news(void **state)
{
    struct fingerprints *f = new_fingerprints();
    char told[2048] = "", name[8];

    (void)state;
    attack(f, HELO, "ylmf-pc", HOSTS, BLOCKS, start);
    attack(f, USER, "admin", HOSTS, BLOCKS, start);
    attack(f, USER, "sales", HOSTS, BLOCKS, start);
    clear(f, USER, "sales", start + DAY / 2);
    fingerprints_news(f, note_news, told);
    assert_string_equal(told, "helo:ylmf-pc user:admin ");
    attack(f, HELO, "ylmf-pc", HOSTS, BLOCKS, start + DAY / 2);
    told[0] = '\0';
    fingerprints_news(f, note_news, told);
    assert_string_equal(told, "");
    for (unsigned i = 0; i <= FINGERPRINTS_NEWS_MAX; i++) {
        snprintf(name, sizeof(name), "pc%c%c", 'a' + i / 8, 'a' + i % 8);
        attack(f, HELO, name, HOSTS, BLOCKS, start);
    }
    fingerprints_news(f, note_news, told);
    assert_int_equal(strlen(told), FINGERPRINTS_NEWS_MAX * strlen("helo:pcaa "));
    fingerprints_free(f);
}

static void test_one_host_says_nothing(void **state)
{
    struct fingerprints *f = old_fingerprints();

    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(seen(f, HELO, "ylmf-pc", 0, 0, start + i * USEC_PER_SEC), 0);
    fingerprints_free(f);
}

static void test_families_count_as_one(void **state)
{
    static const char *const names[] = {"WIN-7QKD93JX01T", "WIN-K2M4V8RP0AZ", "win-1a2b3c4d5e6",
                                        "WIN-A0B9C8D7E6F"};
    struct fingerprints *f = old_fingerprints();
    int r = 0;

    (void)state;
    for (unsigned i = 0; i < HOSTS; i++)
        r = seen(f, HELO, names[i], i, 0, start);
    assert_int_equal(r, FINGERPRINT_E_NEW);
    assert_int_equal(seen(f, HELO, "WIN-Z9Y8X7W6V5U", 9, 0, start), FINGERPRINT_E_KNOWN);
    assert_true(is_known(f, HELO, "win-<mixed:11>", start));
    fingerprints_free(f);
}

static void test_kinds_are_apart(void **state)
{
    struct fingerprints *f = old_fingerprints();

    (void)state;
    attack(f, HELO, "office", HOSTS, HOSTS, start);
    assert_false(is_known(f, USER, "office", start));
    fingerprints_free(f);
}

struct copy {
    struct fingerprints *to;
    unsigned n, gone;
};

static int restore(void *user, const struct fingerprint_change *c)
{
    struct copy *copy = user;

    copy->n++;
    copy->gone += c->gone;
    if (c->gone)
        return 0;
    if (c->fingerprint)
        return fingerprints_restore(copy->to, c->fingerprint);
    return fingerprints_restore_good(copy->to, c->kind, slice_of(c->name), c->cleared);
}

static int greet(struct fingerprints *f, const char *text, unsigned b, usec_t time)
{
    struct addr client = host(b, 0);

    return fingerprints_greet(f, &(struct name){HELO, slice_of(text), &client}, time);
}

// Bots that never get to fail keep their name known; a restart, or a success, ends that.
static void test_greetings(void **state)
{
    static const char name[] = "WIN-7QKD93JX01T";
    struct fingerprints *f = old_fingerprints(), *again = new_fingerprints();
    usec_t day = start;

    (void)state;
    attack(f, HELO, name, PUBLIC * HOSTS - 1, PUBLIC * HOSTS - 1, start);
    assert_int_equal(greet(f, name, 99, start), 0);
    attack_from(50, f, HELO, name, PUBLIC * HOSTS, PUBLIC * HOSTS, start);
    for (unsigned i = 0; i < 10; i++, day += DAY) {
        for (unsigned b = 0; b < PUBLIC * HOSTS; b++)
            assert_int_equal(greet(f, name, 100 + b, day), FINGERPRINT_E_KNOWN);
    }
    assert_true(is_known(f, HELO, name, day));
    clear(f, HELO, name, day);
    assert_int_equal(greet(f, name, 99, day), 0);
    // One user does not clear it.
    assert_true(is_known(f, HELO, name, day));
    assert_int_equal(fingerprints_changed(f, restore, &(struct copy){again, 0, 0}), 0);
    assert_int_equal(greet(again, name, 99, day), 0);
    assert_int_equal(greet(again, name, 99, day + DAY - 1), 0);
    assert_int_equal(greet(again, name, 99, day + DAY), FINGERPRINT_E_KNOWN);
    fingerprints_free(again);
    fingerprints_free(f);
}

// What comes to light of a host's names after its first ones.
static const struct {
    enum fingerprint_kind kind;
    const char *name;
    unsigned b, i; // a second host that fails with it
    usec_t after;
    int r; // of that
} attackers[] = {
    {USER, "scan2", 99, 0, 0, FINGERPRINT_E_NEW},
    {HELO, "made-up", 99, 0, 0, FINGERPRINT_E_NEW},
    {USER, "scan2", 0, 9, 0, 0},             // in the same block
    {USER, "anna@example.com", 99, 0, 0, 0}, // who logs in here
    {HELO, "mail.example.com", 99, 0, 0, 0}, // who may be an honest server
    {USER, "scan2", 99, 0, 7 * DAY, 0},      // too long ago
};

static void test_names_of_attackers(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof(attackers) / sizeof(*attackers); n++) {
        struct fingerprints *f = old_fingerprints();
        clear(f, USER, "anna@example.com", start);
        // The first one who failed with it was not known to be one then.
        assert_int_equal(seen(f, attackers[n].kind, attackers[n].name, 0, 0, start), 0);
        assert_int_equal(attack(f, HELO, "ylmf-pc", HOSTS, HOSTS, start), FINGERPRINT_E_NEW);
        assert_int_equal(seen(f, attackers[n].kind, attackers[n].name, attackers[n].b,
                              attackers[n].i, start + attackers[n].after),
                         attackers[n].r);
        fingerprints_free(f);
    }
}

static void test_standing_with_an_attackers_name(void **state)
{
    struct fingerprints *f = old_fingerprints();
    struct fingerprint_standing s;

    (void)state;
    set(f, HELO, "ylmf-pc", FINGERPRINT_ADDED);
    seen(f, USER, "scan2", 7, 0, start);
    fingerprints_look(f, &(struct name){USER, slice_of("scan2"), NULL}, start, &s);
    assert_int_equal(s.need_hosts, HOSTS);
    assert_int_equal(seen(f, HELO, "ylmf-pc", 7, 0, start), FINGERPRINT_E_KNOWN);
    fingerprints_look(f, &(struct name){USER, slice_of("scan2"), NULL}, start, &s);
    assert_int_equal(s.need_hosts, FINGERPRINT_ATTACKERS);
    assert_int_equal(s.need_blocks, FINGERPRINT_ATTACKERS);
    assert_int_equal(s.hosts, 1);
    fingerprints_free(f);
}

// A name that is doubtful makes nobody an attacker.
static void test_doubtful_names_tell_of_nobody(void **state)
{
    struct fingerprints *f = new_fingerprints();

    (void)state;
    seen(f, USER, "bert", 0, 0, start);
    assert_int_equal(attack(f, USER, "anna", HOSTS, HOSTS, start), FINGERPRINT_E_DOUBTFUL);
    assert_int_equal(seen(f, USER, "bert", 99, 0, start), 0);
    fingerprints_free(f);
}

// Of so many that one makes room, the last are known. Some have the same digest.
static void test_capacity_of_attackers(void **state)
{
    struct fingerprints *f = old_fingerprints();

    (void)state;
    set(f, HELO, "ylmf-pc", FINGERPRINT_ADDED);
    seen(f, USER, "first", 0, 0, start);
    seen(f, USER, "last", 20000, 0, start);
    for (unsigned i = 0; i < FINGERPRINTS_KNOWN_MAX + MARGIN; i++)
        seen(f, HELO, "ylmf-pc", i / 4, i % 4, start);
    seen(f, HELO, "ylmf-pc", 20000, 0, start);
    assert_int_equal(seen(f, USER, "first", 20001, 0, start), 0);
    assert_int_equal(seen(f, USER, "last", 20001, 0, start), FINGERPRINT_E_NEW);
    fingerprints_free(f);
}

static void test_who_logs_in_is_none(void **state)
{
    struct fingerprints *f = old_fingerprints();

    (void)state;
    clear(f, USER, "anna@example.com", start);
    assert_int_equal(attack(f, USER, "anna@example.com", 20, 20, start + DAY), 0);
    assert_int_equal(attack(f, USER, "anna", 20, 20, start + DAY), 0);
    // Forgotten with the span.
    assert_int_equal(attack(f, USER, "anna", HOSTS, HOSTS, start + 8 * DAY), FINGERPRINT_E_NEW);

    // A success ends a fingerprint.
    assert_int_equal(attack_from(50, f, USER, "info", HOSTS, HOSTS, start), FINGERPRINT_E_NEW);
    clear(f, USER, "info@example.com", start + DAY);
    assert_false(is_known(f, USER, "info", start + DAY));
    assert_int_equal(seen(f, USER, "info", 99, 0, start + DAY), 0);
    fingerprints_free(f);
}

// Who logged in longest ago makes room, and is anybody then.
static void test_capacity_of_users(void **state)
{
    struct fingerprints *f = old_fingerprints();
    char name[32];

    (void)state;
    clear(f, USER, "first", start);
    clear(f, USER, "second", start);
    for (unsigned i = 0; i < FINGERPRINTS_GOOD_MAX - 1; i++) {
        snprintf(name, sizeof(name), "n%u-pc", i);
        clear(f, USER, name, start);
    }
    assert_int_equal(attack(f, USER, "first", HOSTS, HOSTS, start), FINGERPRINT_E_NEW);
    assert_int_equal(attack(f, USER, "second", HOSTS, HOSTS, start), 0);
    fingerprints_free(f);
}

// Bots try a name with our domains and without.
static void test_a_user_is_known_without_his_domain(void **state)
{
    static const char *const names[] = {"admin", "admin@example.com", "Admin@example.org",
                                        "admin@"};
    struct fingerprints *f = old_fingerprints();
    int r = 0;

    (void)state;
    for (unsigned i = 0; i < HOSTS; i++)
        r = seen(f, USER, names[i], i, 0, start);
    assert_int_equal(r, FINGERPRINT_E_NEW);
    assert_true(is_known(f, USER, "admin", start));
    assert_true(is_known(f, USER, "admin@example.net", start));
    // Where somebody of that name logs in, the others have to stand for themselves.
    clear(f, USER, "admin@example.com", start + DAY);
    assert_false(is_known(f, USER, "admin@example.net", start + DAY));
    assert_int_equal(attack(f, USER, "admin", 20, 20, start + DAY), 0);
    assert_int_equal(attack(f, USER, "admin@example.com", 20, 20, start + DAY), 0);
    assert_int_equal(attack_from(50, f, USER, "admin@example.net", HOSTS, HOSTS, start + DAY),
                     FINGERPRINT_E_NEW);
    set(f, USER, "info@example.com", FINGERPRINT_KEPT);
    assert_int_equal(attack(f, USER, "info@example.com", 20, 20, start), 0);
    assert_int_equal(attack_from(60, f, USER, "info@example.org", HOSTS, HOSTS, start),
                     FINGERPRINT_E_NEW);
    assert_int_equal(seen(f, USER, "info@example.com", 99, 0, start), 0);
    fingerprints_free(f);
}

static bool is_doubtful(struct fingerprints *f, enum fingerprint_kind kind, const char *text,
                        usec_t now)
{
    struct fingerprint_standing s;

    fingerprints_look(f, &(struct name){kind, slice_of(text), NULL}, now, &s);
    assert_true(s.is_fingerprint);
    return s.is_doubtful;
}

static void test_first_day(void **state)
{
    struct fingerprints *f = new_fingerprints();
    struct copy copy = {new_fingerprints(), 0, 0};

    (void)state;
    assert_int_equal(attack(f, HELO, "pc", HOSTS, HOSTS, start), FINGERPRINT_E_NEW);
    assert_int_equal(attack(f, USER, "anna", HOSTS, HOSTS, start), FINGERPRINT_E_DOUBTFUL);
    set(f, USER, "admin", FINGERPRINT_ADDED);
    assert_int_equal(seen(f, USER, "admin", 99, 0, start), FINGERPRINT_E_KNOWN);
    assert_int_equal(seen(f, USER, "anna", 99, 0, start + DAY - 1), FINGERPRINT_E_DOUBTFUL);
    assert_int_equal(seen(f, USER, "anna", 98, 0, start + DAY), FINGERPRINT_E_KNOWN);
    assert_true(is_doubtful(f, USER, "anna", start + DAY - 1));
    assert_false(is_doubtful(f, USER, "anna", start + DAY));
    assert_false(is_doubtful(f, USER, "admin", start));
    assert_false(is_doubtful(f, HELO, "pc", start));
    // What is kept over a restart is not younger than before.
    assert_int_equal(fingerprints_changed(f, restore, &copy), 0);
    assert_int_equal(seen(copy.to, USER, "anna", 97, 0, start + DAY), FINGERPRINT_E_KNOWN);
    fingerprints_free(copy.to);
    copy.to = new_fingerprints();
    assert_int_equal(fingerprints_restore_good(copy.to, USER, slice_of("bert"), start), 0);
    assert_int_equal(attack(copy.to, USER, "anna", HOSTS, HOSTS, start + DAY), FINGERPRINT_E_NEW);
    fingerprints_free(copy.to);
    fingerprints_free(f);
}

static void test_age(void **state)
{
    struct fingerprints *f = old_fingerprints();

    (void)state;
    // Too far apart to be one wave.
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(seen(f, HELO, "slow-pc", i, 0, start + i * 3 * DAY), 0);
    assert_int_equal(attack(f, HELO, "ylmf-pc", HOSTS, HOSTS, start), FINGERPRINT_E_NEW);
    assert_true(is_known(f, HELO, "ylmf-pc", start + 6 * DAY));
    assert_false(is_known(f, HELO, "ylmf-pc", start + 8 * DAY));
    assert_int_equal(seen(f, HELO, "ylmf-pc", 0, 0, start + 8 * DAY), 0);
    fingerprints_free(f);
}

static void test_by_hand(void **state)
{
    struct fingerprints *f = old_fingerprints();

    (void)state;
    set(f, HELO, "ylmf-pc", FINGERPRINT_ADDED);
    set(f, USER, "scanner", FINGERPRINT_KEPT);
    assert_int_equal(seen(f, HELO, "ylmf-pc", 0, 0, start + 50 * DAY), FINGERPRINT_E_KNOWN);
    clear(f, HELO, "ylmf-pc", start + 50 * DAY);
    assert_int_equal(seen(f, HELO, "ylmf-pc", 0, 0, start + 50 * DAY), FINGERPRINT_E_KNOWN);
    assert_int_equal(attack(f, USER, "scanner", 30, 30, start), 0);
    assert_true(fingerprints_remove(f, HELO, slice_of("ylmf-pc")));
    assert_false(fingerprints_remove(f, HELO, slice_of("ylmf-pc")));
    assert_int_equal(seen(f, HELO, "ylmf-pc", 0, 0, start + 50 * DAY), 0);
    assert_int_equal(fingerprints_set(f, HELO, slice_of(""), FINGERPRINT_ADDED, start), -EINVAL);
    fingerprints_free(f);
}

// Names of one host each, as many as an attacker likes, push out none that several have used.
static void test_capacity(void **state)
{
    struct fingerprints *f = old_fingerprints();
    char name[32];

    (void)state;
    attack(f, HELO, "almost", HOSTS - 1, HOSTS - 1, start);
    attack(f, HELO, "ylmf-pc", HOSTS, HOSTS, start);
    for (unsigned i = 0; i < 4 * FINGERPRINTS_MAX; i++) {
        snprintf(name, sizeof(name), "n%u-pc", i);
        assert_int_equal(seen(f, HELO, name, 200, 0, start), 0);
    }
    assert_int_equal(seen(f, HELO, "almost", 99, 0, start), FINGERPRINT_E_NEW);
    assert_int_equal(seen(f, HELO, "ylmf-pc", 99, 0, start), FINGERPRINT_E_KNOWN);
    for (unsigned i = 0; i < FINGERPRINTS_SET_MAX; i++) {
        snprintf(name, sizeof(name), "m%u-pc", i);
        set(f, HELO, name, FINGERPRINT_KEPT);
    }
    assert_int_equal(fingerprints_set(f, HELO, slice_of("one more"), FINGERPRINT_ADDED, start),
                     -ENOSPC);
    fingerprints_free(f);
}

static void test_none_set_by_hand_makes_room(void **state)
{
    struct fingerprints *f = old_fingerprints();
    char name[] = "aaa-pc";

    (void)state;
    set(f, HELO, "ylmf-pc", FINGERPRINT_ADDED);
    set(f, HELO, "own-pc", FINGERPRINT_KEPT);
    for (unsigned i = 0; i < FINGERPRINTS_LEARNED_MAX + 2; i++) {
        name[0] = (char)('a' + i / (26 * 26) % 26);
        name[1] = (char)('a' + i / 26 % 26);
        name[2] = (char)('a' + i % 26);
        assert_int_equal(attack_from(i * (HOSTS - 1), f, HELO, name, HOSTS, HOSTS, start),
                         FINGERPRINT_E_NEW);
    }
    assert_false(is_known(f, HELO, "aaa-pc", start));
    assert_true(is_known(f, HELO, "ylmf-pc", start));
    assert_int_equal(attack(f, HELO, "own-pc", HOSTS, HOSTS, start), 0);
    assert_int_equal(fingerprints_set(f, HELO, slice_of("one more"), FINGERPRINT_KEPT, start), 0);
    fingerprints_free(f);
}

static void test_outlasts_a_restart(void **state)
{
    struct fingerprints *f = old_fingerprints();
    struct copy copy = {new_fingerprints(), 0, 0};

    (void)state;
    attack(f, HELO, "ylmf-pc", HOSTS, HOSTS, start);
    attack_from(50, f, HELO, "almost", HOSTS - 1, HOSTS - 1, start);
    attack(f, HELO, "once", 1, 1, start);
    clear(f, USER, "anna", start);
    assert_int_equal(fingerprints_changed(f, restore, &copy), 0);
    assert_int_equal(copy.n, 5);
    assert_int_equal(seen(copy.to, HELO, "ylmf-pc", 99, 0, start), FINGERPRINT_E_KNOWN);
    assert_int_equal(seen(copy.to, HELO, "almost", 50, 0, start), 0); // known of old
    assert_int_equal(seen(copy.to, HELO, "almost", 98, 0, start), FINGERPRINT_E_NEW);
    assert_int_equal(seen(copy.to, HELO, "attackers", 0, 0, start), 0);
    assert_int_equal(seen(copy.to, HELO, "attackers", 97, 0, start), FINGERPRINT_E_NEW);
    assert_int_equal(attack(copy.to, USER, "anna", 20, 20, start), 0);
    // One that a single host used has this host, an attacker's, already.
    assert_int_equal(seen(copy.to, HELO, "once", 1, 0, start), FINGERPRINT_E_NEW);

    copy.n = 0;
    assert_int_equal(fingerprints_changed(f, restore, &copy), 0);
    assert_int_equal(copy.n, 0);
    assert_true(fingerprints_remove(f, HELO, slice_of("ylmf-pc")));
    assert_int_equal(fingerprints_changed(f, restore, &copy), 0);
    assert_int_equal(copy.gone, 1);
    fingerprints_free(f);
    fingerprints_free(copy.to);
}

static struct fingerprint_standing stands(struct fingerprints *f, const char *text)
{
    struct fingerprint_standing s;

    fingerprints_look(f, &(struct name){HELO, slice_of(text), NULL}, start, &s);
    return s;
}

// Names of the configuration: as what they are listed, and what they are when they are no more.
static const struct {
    const char *name;
    enum fingerprint_state listed, own;
    uint64_t hits;
} listed[] = {
    {"seen-pc", FINGERPRINT_ADDED, FINGERPRINT_SUSPECT, 2},
    {"never-seen-pc", FINGERPRINT_ADDED, FINGERPRINT_SUSPECT, 0},
    {"kept-pc", FINGERPRINT_KEPT, FINGERPRINT_SUSPECT, 0},
    {"learned-pc", FINGERPRINT_ADDED, FINGERPRINT_LEARNED, HOSTS + 2},
    {"marked-pc", FINGERPRINT_ADDED, FINGERPRINT_ADDED, 2},
};
enum { LISTED = sizeof(listed) / sizeof(listed[0]) };

static struct fingerprints *with_list(void)
{
    struct fingerprints *f = new_fingerprints();

    for (size_t i = 0; i < LISTED; i++)
        assert_int_equal(fingerprints_set(f, HELO, slice_of(listed[i].name), listed[i].listed, 0),
                         0);
    return f;
}

// Three restarts: with the list for the first time, with it again, and without.
static void test_listed_outlast_a_restart(void **state)
{
    struct fingerprints *before = old_fingerprints();
    struct copy first = {with_list(), 0, 0}, again = {with_list(), 0, 0};
    struct copy without = {new_fingerprints(), 0, 0};

    (void)state;
    attack(before, HELO, "learned-pc", HOSTS, HOSTS, start);
    set(before, HELO, "marked-pc", FINGERPRINT_ADDED);
    assert_int_equal(fingerprints_changed(before, restore, &first), 0);
    for (size_t i = 0; i < LISTED; i++) {
        for (unsigned b = 98; b < 100 && listed[i].hits > 0; b++)
            assert_int_equal(seen(first.to, HELO, listed[i].name, b, 0, start),
                             FINGERPRINT_E_KNOWN);
    }
    assert_int_equal(fingerprints_changed(first.to, restore, &again), 0);
    assert_int_equal(again.n, 3);
    for (size_t i = 0; i < LISTED; i++) {
        struct fingerprint_standing s = stands(again.to, listed[i].name);
        assert_true(s.is_listed && s.state == listed[i].listed && s.hits == listed[i].hits);
        // One more of each, so that all are written once more.
        seen(again.to, HELO, listed[i].name, 97, 0, start);
    }
    assert_int_equal(fingerprints_changed(again.to, restore, &without), 0);
    for (size_t i = 0; i < LISTED; i++) {
        struct fingerprint_standing s = stands(without.to, listed[i].name);
        bool is_kept = listed[i].listed == FINGERPRINT_KEPT;
        assert_false(s.is_listed);
        assert_int_equal(s.state, listed[i].own);
        assert_int_equal(s.hits, is_kept ? 0 : listed[i].hits + 1);
    }
    fingerprints_free(before);
    fingerprints_free(first.to);
    fingerprints_free(again.to);
    fingerprints_free(without.to);
}

// Who logs in with a name takes from it what was learned, not what is said of it.
static void test_listed_and_cleared(void **state)
{
    struct fingerprints *before = old_fingerprints();
    struct copy with = {with_list(), 0, 0}, without = {new_fingerprints(), 0, 0};

    (void)state;
    attack(before, HELO, "learned-pc", HOSTS, HOSTS, start);
    assert_int_equal(fingerprints_changed(before, restore, &with), 0);
    assert_int_equal(fingerprints_clear(with.to, &(struct name){HELO, slice_of("learned-pc"), NULL},
                                        slice_of("anna"), start),
                     0);
    assert_int_equal(fingerprints_clear(with.to, &(struct name){HELO, slice_of("learned-pc"), NULL},
                                        slice_of("bert"), start),
                     0);
    assert_true(is_known(with.to, HELO, "learned-pc", start));
    assert_int_equal(fingerprints_changed(with.to, restore, &without), 0);
    assert_false(is_known(without.to, HELO, "learned-pc", start));
    fingerprints_free(before);
    fingerprints_free(with.to);
    fingerprints_free(without.to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learned),
        cmocka_unit_test(test_news),
        cmocka_unit_test(test_one_host_says_nothing),
        cmocka_unit_test(test_families_count_as_one),
        cmocka_unit_test(test_kinds_are_apart),
        cmocka_unit_test(test_greetings),
        cmocka_unit_test(test_names_of_attackers),
        cmocka_unit_test(test_standing_with_an_attackers_name),
        cmocka_unit_test(test_doubtful_names_tell_of_nobody),
        cmocka_unit_test(test_capacity_of_attackers),
        cmocka_unit_test(test_who_logs_in_is_none),
        cmocka_unit_test(test_capacity_of_users),
        cmocka_unit_test(test_a_user_is_known_without_his_domain),
        cmocka_unit_test(test_first_day),
        cmocka_unit_test(test_age),
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_capacity),
        cmocka_unit_test(test_none_set_by_hand_makes_room),
        cmocka_unit_test(test_outlasts_a_restart),
        cmocka_unit_test(test_listed_outlast_a_restart),
        cmocka_unit_test(test_listed_and_cleared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
