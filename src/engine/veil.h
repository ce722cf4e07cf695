// SPDX-License-Identifier: GPL-2.0-or-later
// What must not be seen of a line: passwords, in plain text, in base64 or as hashes, and names that
// are none and may be a password typed into the wrong field. Told by what mail servers write around
// them, so that it holds whatever filter took the line, and where none did:
//
//   Dovecot    (given password: ...), (SHA1 of given password: ...), resp=..., client in: ...,
//              SCHEME(...) != '...'
//   IceWarp    "<<< PASS ...", "<<< a1 LOGIN user ...", "<<< AUTH PLAIN ...", and any answer of the
//              client's that is no command; of what the server says no, all but the words that
//              servers say no with. hMailServer and Postfix' debug_peer_list write such talk as
//              well
//   Postfix    what clients send too early, or send instead of SMTP
//   Exim       the command that it quotes
//   any        password=..., pass=..., "password": "..."
//   names      sasl_username=..., user=<...>, set_id=..., passwd-file(...,: with characters that
//              people type into passwords only
//
// What a password looks like, nobody knows: where it stands in another place, only the filter can
// tell (<F-SECRET>). Too much is hidden rather than too little.
#pragma once

#include "base/slice.h"

enum {
    VEIL_PARTS_MAX = 8,   // of more, all from the last one on is hidden
    VEIL_LINE_MAX = 4096, // what is further right is hidden
    // What may be seen of a line is no longer.
    VEIL_SHOWN_MAX = VEIL_LINE_MAX + 3 * VEIL_PARTS_MAX,
};

#define VEIL_MASK "***"

struct veil {
    struct slice line;
    struct slice part[VEIL_PARTS_MAX]; // hidden, in their order and apart
    size_t n;
};

// secret: a part of the line that its filter calls one, or empty.
void veil_find(struct veil *v, struct slice line, struct slice secret);

// Hides a part of the line more, and what lies within one byte of what is hidden already.
void veil_hide(struct veil *v, struct slice part);

// The same of what stands for a name and is none.
void veil_hide_no_name(struct veil *v, struct slice name);

// Walks what may be seen of a part of the line, a mask in place of each hidden one. False: *rest is
// empty. What is no part of the line is given out whole.
bool veil_next(const struct veil *v, struct slice *rest, struct slice *ret);

// The same as one text, cut to size. Returns the length.
size_t veil_copy(const struct veil *v, struct slice part, char *ret, size_t size);

// Whether nothing of a part of the line is hidden.
bool veil_shows(const struct veil *v, struct slice part);

// The name of who is said to have been there; empty where it may not be seen, as a part of it is
// hidden or it is no name.
struct slice veil_user(const struct veil *v, struct slice user);

// Whether it has no character that people type into passwords only.
bool veil_is_name(struct slice text);
