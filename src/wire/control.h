// SPDX-License-Identifier: GPL-2.0-or-later
// What `tailban` and tailband say to each other on RUN/control.sock (SOCK_SEQPACKET). A packet is a
// version and records; a record is a type, a length and the fields of that type, little-endian,
// texts with their length in front. Decoding checks every bound, choice and length, and that
// nothing is left over.
//
//   tailban -> tailband   one or more requests in a packet
//   tailband -> tailban   per packet of requests, in as many packets as it takes: the records that
//                         answer them, REFUSED for each request that was not carried out, then DONE
//     STATUS   DAEMON, DNS (where it is asked), SOURCE*, JAIL*, PROBLEM* (with a jail: what
//              concerns that jail)
//     LIST     BAN*
//     WHY      BAN*, newest first, each followed by the FINGERPRINT that led to it, if any, and by
//              its EVIDENCE*; STANDING* (per jail, host first); of a host INQUIRY; EVIDENCE* with
//              ban 0 (counted, but not led to a ban); FINGERPRINT* of the names that came with
//              these. Of a name: FINGERPRINT*, then BAN*, each with its EVIDENCE*; EVIDENCE* with
//              ban 0
//     FINGERPRINTS  FINGERPRINT*: of a name how it stands (without "helo:" or "user:" in front as
//              either), else all that are fingerprints or kept
//     MARK     the count in DONE alone, as of BAN and UNBAN
//     RELOAD   PROBLEM*
//     OPTIONS  OPTION*, as the daemon understands them; one per value, an empty one where there is
//              none
//     WATCH    after DONE, EVENT* until one side closes
#pragma once

#include "base/addr.h"
#include "base/slice.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    CONTROL_VERSION = 2, // of all records together: where one changes, it grows
    CONTROL_PACKET_MAX = 65536,
    CONTROL_NAME_MAX = 63,  // jails: letters, digits, '_', '-', '.'; may be empty: none, or all
    CONTROL_SAID_MAX = 255, // what clients call themselves and their users
    CONTROL_TEXT_MAX = 1024,
    CONTROL_PATH_MAX = 4095,
    CONTROL_VALUE_MAX = 16384,
    CONTROL_SPARED_MAX = 64 * 48, // a block's hosts, each as long as a net can be
};

enum control_type {
    CONTROL_STATUS = 1,
    CONTROL_LIST,
    CONTROL_WHY,
    CONTROL_BAN,
    CONTROL_UNBAN,
    CONTROL_RELOAD,
    CONTROL_OPTIONS,
    CONTROL_FINGERPRINTS,
    CONTROL_MARK,
    CONTROL_WATCH,
    CONTROL_IS_DAEMON,
    CONTROL_IS_DNS,
    CONTROL_IS_SOURCE,
    CONTROL_IS_JAIL,
    CONTROL_IS_BAN,
    CONTROL_IS_EVIDENCE,
    CONTROL_IS_STANDING,
    CONTROL_IS_INQUIRY,
    CONTROL_IS_FINGERPRINT,
    CONTROL_IS_PROBLEM,
    CONTROL_IS_OPTION,
    CONTROL_IS_EVENT,
    CONTROL_IS_REFUSED,
    CONTROL_IS_DONE,
    CONTROL_TYPE_MAX,
};

enum control_reason {
    CONTROL_HOST,
    CONTROL_BLOCK,
    CONTROL_MANUAL,
    CONTROL_FINGERPRINT,
    CONTROL_REASON_MAX
};
// What an operator makes of a name: a fingerprint, never one, or what it comes to be by itself.
enum control_mark { CONTROL_ADD, CONTROL_KEEP, CONTROL_REMOVE, CONTROL_MARK_MAX };
enum control_name_kind { CONTROL_HELO, CONTROL_USER, CONTROL_NAME_KIND_MAX };
enum control_name_state {
    CONTROL_SUSPECT, // as in engine/fingerprint.h
    CONTROL_LEARNED,
    CONTROL_ADDED,
    CONTROL_KEPT,
    CONTROL_NAME_STATE_MAX
};
enum control_source_state {
    CONTROL_WAITING, // the file does not exist yet
    CONTROL_READING, // what was written before
    CONTROL_LIVE,    // at its end
    CONTROL_UNREADABLE,
    CONTROL_SOURCE_STATE_MAX
};
enum control_inquiry_state { // as in dns/inquiry.h, and that DNS is off
    CONTROL_INQUIRY_NOT_ASKED,
    CONTROL_INQUIRY_PRIVATE,
    CONTROL_INQUIRY_ASKING,
    CONTROL_INQUIRY_ASKED,
    CONTROL_INQUIRY_OFF,
    CONTROL_INQUIRY_STATE_MAX
};
enum control_names {
    CONTROL_NAMES_UNASKED, // as in dns/inquiry.h
    CONTROL_NAMES_SILENT,
    CONTROL_NAMES_NONE,
    CONTROL_NAMES_GIVEN,
    CONTROL_NAMES_CONFIRMED,
    CONTROL_NAMES_FOREIGN,
    CONTROL_NAMES_MAX
};
enum control_event {
    CONTROL_EVENT_BAN,
    CONTROL_EVENT_EXTENDED, // was banned already; now until a later time
    CONTROL_EVENT_UNBAN,
    CONTROL_EVENT_EXPIRED,
    CONTROL_EVENT_HIT,
    CONTROL_EVENT_RELOAD,
    CONTROL_EVENT_ENFORCER, // text: connected, lost, table restored
    CONTROL_EVENT_LEARNED,  // a name has become a fingerprint
    CONTROL_EVENT_LOST,     // the watcher was too slow: count events are missing
    CONTROL_EVENT_MAX
};

// The requests (STATUS to WATCH); what a type does not use is not sent.
struct control_query {
    struct slice jail; // STATUS, LIST, BAN (empty: manual), UNBAN (empty: all), OPTIONS
    struct addr net;   // WHY, BAN, UNBAN
    bool all;          // UNBAN: whatever is in force in jail; net is not looked at
    usec_t span;       // BAN: how long; 0: the jail's bantime
    struct slice name; // WHY (else empty), FINGERPRINTS (empty: all), MARK: "helo:ylmf-pc"
    enum control_mark mark;
};

struct control_daemon {
    struct slice version, config; // config: its folder
    uint32_t pid;
    usec_t now, started, loaded; // loaded: when the configuration was read
    bool enforcer;               // connected, and all bans in force are applied
    uint64_t bans, lines, hits, overlong, memory;
    uint64_t hooks, hooks_failed, hooks_dropped; // run, of them failed; not run
    uint64_t refused;                            // orders, by the enforcer or the kernel
    struct slice refusal;                        // why the last of them was
    uint64_t fingerprints;
    uint64_t login_hosts, login_blocks; // from which somebody logged in
    uint64_t shielded;                  // bans and failures that went by for that
};

struct control_dns {
    uint64_t hosts, listed, cached, dropped; // as in dns/inquiry.h
    uint64_t asked, answered, failed, silence;
};

struct control_source {
    struct slice path;
    enum control_source_state state;
    uint64_t size, offset, lines;
    usec_t last;       // the time of the last line that had one; 0: none
    struct slice text; // why it cannot be read
};

struct control_jail {
    struct slice name, filter;
    bool active; // false: text says what is wrong
    uint64_t bans, lines, matched, hits, ignored, exempt, informed, limits, verdicts, no_address;
    uint64_t tracked, evicted;
    uint64_t banned;              // bans made, or in force when the configuration was read
    uint64_t successes, shielded; // logins seen; bans and failures that went by for them
    uint64_t repeats;             // failures not counted: the same wrong password again
    uint32_t maxretry;
    usec_t findtime, bantime;
    struct slice text;
    bool points; // its hits are points: it weighs its filters
};

struct control_ban {
    uint64_t id;
    struct slice jail;
    struct addr net;
    usec_t since, until, lifted; // as in ledger.h
    uint32_t hits, hosts, need_hits, need_hosts;
    usec_t findtime;
    enum control_reason reason;
    struct slice name; // "helo:ylmf-pc": the fingerprint, if that is the reason
    uint64_t cover;    // the id of the ban that covers it (scan/cover.h); 0: none does
    struct addr cover_net;
    struct slice cover_jail;
    bool points;         // as of its jail
    struct slice spared; // of a block: the hosts in it that it spares, blanks between them
};

struct control_evidence {
    uint64_t ban; // 0: not led to a ban
    struct slice jail;
    struct addr addr;
    usec_t time;
    uint32_t count;
    struct slice source, text;
    struct slice rule, user, helo; // as in ledger.h; empty: there is none
    bool points;                   // as of its jail
};

struct control_standing {
    struct slice jail;
    struct addr net;
    uint32_t hits, hosts, need_hits, need_hosts;
    usec_t findtime;
    bool exempt;       // ignoreip or ignoreself: never banned
    usec_t login;      // of somebody from there, the last within the span; 0: none
    uint32_t days;     // of a host: with a login
    bool shielded;     // for these logins: a block is not banned, a host not the first time
    bool fingerprints; // one hit with a fingerprint is enough in this jail
    uint32_t repeats;  // of a host: failures not counted, the same wrong password again
    bool wary;   // of a block: one failure there is enough of a stranger, with a name of nobody's
    bool points; // as of its jail
    struct slice held; // the cap that holds its ban back, "cap.bans = 1000 a minute"; empty: none
    usec_t held_until; // when that may end at the earliest; 0: with the next hit, FOREVER: never
    usec_t mail;       // of a host: the last accepted from it, to six hours; 0: none
    usec_t spared;     // of a host: until when bans of blocks go past it; 0: they do not
};

// What DNS knows of a host.
struct control_inquiry {
    enum control_inquiry_state state;
    usec_t time; // of the answers
    uint32_t weight;
    struct slice text; // what speaks against it (weight > 0), or else its name
    enum control_names names;
    struct slice clean, silent; // lists: that do not have it, that did not answer
};

struct control_fingerprint {
    enum control_name_kind kind;
    struct slice name; // as a family's
    enum control_name_state state;
    bool is_fingerprint, is_listed; // is_listed: by the configuration
    bool is_doubtful;               // a failure with it counts as half of what bans
    uint32_t hosts, blocks, need_hosts, need_blocks;
    uint64_t failures;
    usec_t first, last; // 0: never failed
    usec_t cleared;     // by a login, the last within the span; 0: by none
};

struct control_problem {
    bool warning;
    struct slice file; // may be empty
    uint32_t line;     // 0: none
    struct slice text;
};

struct control_option {
    struct slice jail, name, value;
};

struct control_occurrence {
    enum control_event kind;
    usec_t time;
    struct slice jail;
    bool has_net;
    struct addr net;
    usec_t until;
    uint32_t count, hits, hosts, blocks;
    enum control_reason reason;
    struct slice name; // as of a ban
    struct slice text;
    bool points; // as of its jail
};

struct control_refused {
    uint32_t request; // its place in the packet, from 0
    uint32_t error;   // errno
    struct slice text;
};

struct control_done {
    uint32_t error;    // 0, or the errno of what failed as a whole
    uint32_t count;    // how many bans were made or lifted
    uint32_t again;    // of those made, how many were in force already
    struct slice text; // what went wrong
};

struct control {
    enum control_type type;
    union {
        struct control_query query; // STATUS to WATCH
        struct control_daemon daemon;
        struct control_dns dns;
        struct control_source source;
        struct control_jail jail;
        struct control_ban ban;
        struct control_evidence evidence;
        struct control_standing standing;
        struct control_inquiry inquiry;
        struct control_fingerprint fingerprint;
        struct control_problem problem;
        struct control_option option;
        struct control_occurrence event;
        struct control_refused refused;
        struct control_done done;
    };
};

struct control_packet {
    size_t n;
    uint8_t bytes[CONTROL_PACKET_MAX];
};

enum {
    CONTROL_E_RECORD = 1, // *ret is a record
    CONTROL_E_FULL = 2,   // the packet has no room for it: send it, start another
};

// An empty packet, to be filled by control_put(). control_is_empty(): there is nothing to send.
void control_start(struct control_packet *p);
bool control_is_empty(const struct control_packet *p);

// Adds a record. 0 or CONTROL_E_FULL; a record always fits an empty packet. Texts are cut to their
// limit. -EINVAL: a jail's name, an address or a choice that the other side would not take.
int control_put(struct control_packet *p, const struct control *record);

// Takes the version off a received packet. -EPROTO: not a packet; -EPROTONOSUPPORT: of another
// version, which control_version() tells.
int control_open(struct slice *packet);
uint32_t control_version(struct slice packet);

// Takes the next record off: CONTROL_E_RECORD, 0 at the end, -EPROTO. Its texts point into the
// packet, and any byte may occur in them but in jail names.
int control_get(struct slice *packet, struct control *ret);

// Whether a jail's name may be sent.
bool control_name_valid(struct slice name);
