// SPDX-License-Identifier: GPL-2.0-or-later
// Fingerprints from within, for the files that they are made of: fingerprint.c learns names and
// tells of them, fingerprint-clear.c has who logs in, fingerprint-keep.c what outlasts a restart.
#pragma once

#include "base/table.h"
#include "engine/fingerprint.h"

struct key {
    char kind;
    char name[FAMILY_MAX]; // zeros behind
};

struct entry {
    struct fingerprint f;
    bool changed; // since the last walk
    bool kept;    // a walk has told of it
    bool listed;  // by the configuration, whose word is told nowhere else
    uint8_t own;  // then: the state that it has without that
};

struct good {
    usec_t last;
    uint32_t user; // a HELO name's first, a digest; last is set with the second
    bool changed;
    bool once; // anybody has logged in with it; not kept over a restart
};

// Where an entry is. Those set by hand are apart, so that no stranger pushes them out.
enum home { SET, LEARNED, SUSPECT, FRESH, HOMES }; // FRESH: one host used it, SUSPECT: several did

enum { LATELY = 256 };

struct fingerprints {
    struct fingerprint_spec spec;
    uint64_t seed;
    usec_t since; // the first name seen; 0: none
    usec_t heard; // the first one, or success, since the process began; 0: none
    struct table *at[HOMES];
    struct table *good;
    struct table *known; // attackers: digests of hosts -> usec_t, their last failure
    struct table *gone;  // keys of what a walk has told of
    struct key news[FINGERPRINTS_NEWS_MAX];
    size_t n_news;
    // Users who were cleared last, by a digest of what they were called: most logins are theirs.
    struct {
        uint64_t digest;
        usec_t time;
    } lately[LATELY];
};

// What is known of a name; NULL: nothing.
struct entry *fingerprints_find(struct fingerprints *f, const struct key *key);

// Forgets it. -ENOMEM: it stays, as there is no room to remember that it is gone.
int fingerprints_drop(struct fingerprints *f, struct table *from, const struct key *at);

// A user without his domain.
struct key fingerprints_local(const struct key *key);

struct key fingerprint_key(enum fingerprint_kind kind, struct slice family);

// That a name was seen then.
void fingerprints_note_time(struct fingerprints *f, usec_t time);

// The same of one that a line tells of.
void fingerprints_hear(struct fingerprints *f, usec_t time);

// Whoever failed with this name is an attacker, if it is a fingerprint and not doubtful. -ENOMEM.
int fingerprints_know(struct fingerprints *f, const struct key *key,
                      const struct fingerprint *seen);

// The table that an entry belongs to, and putting it into one, where it is then and nowhere else.
// -ENOMEM.
struct table *fingerprints_home(const struct fingerprints *f, const struct entry *e);
int fingerprints_place(struct fingerprints *f, struct table *to, const struct key *key,
                       const struct entry *entry, struct entry **ret);
