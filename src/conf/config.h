// SPDX-License-Identifier: GPL-2.0-or-later
// The configuration, read once into const structs. A file or jail that is wrong disables itself,
// with file:line and the reason among the problems; the others go on.
//
// A directory in tailban's layout has tailban.conf, jails/*.conf, filters/*.conf, each overridable
// by *.local; one in fail2ban's has jail.conf, jail.d, jail.local, filter.d. Which it is shows
// itself.
#pragma once

#include "base/span.h"
#include "conf/dnsconf.h"
#include "engine/caps.h"
#include "engine/exempt.h"
#include "engine/filter.h"
#include "engine/jail.h"

#include <stdio.h>

enum severity { PROBLEM_ERROR, PROBLEM_WARNING };

struct problem {
    enum severity severity;
    char *file;    // as the user would name it; NULL: none
    unsigned line; // 0: none
    char *text;    // what is wrong, and what to write instead
};

struct port_range {
    uint8_t proto; // IPPROTO_TCP, IPPROTO_UDP
    uint16_t from, to;
};

// Which entries of which journal a jail reads.
struct journal_conf {
    const char *where; // the journal, as it stands in backend = systemd[…]; "": the system's own
    const char *path, *name_space; // NULL: none
    const char **file;             // globs
    size_t n_file;
    unsigned flags;      // as sd_journal_open(3) takes them
    const char *matches; // journalmatch in one line; NULL: none, and no journal is read
    const char **match;  // its words: FIELD=value, or "+" between alternatives
    size_t n_match;
};

// A filter as a jail uses it.
struct jail_filter_conf {
    const char *name, *text; // text: as it stands in the file, options and all
    struct filter_spec spec;
    struct filter *compiled; // the configuration's: other jails may use it as well
    uint32_t weight;         // points that a failure counts
};

// Of a jail that is not enabled, nothing is read but its name and place.
struct jail_conf {
    char *name;
    char *file; // where its section stands
    unsigned line;
    bool enabled;
    bool usable; // enabled, and nothing is wrong with it
    struct jail_filter_conf *filter;
    size_t n_filter;
    const char *filters; // their names in one line; NULL: none
    struct given_conf {  // what the jail says to several filters, as it stands in a file
        const char *key, *value;
    } * given;
    size_t n_given;
    enum backend {
        BACKEND_AUTO, // files where there are any, else the journal
        BACKEND_FILES,
        BACKEND_SYSTEMD
    } backend;
    char **logpath; // globs
    size_t n_logpath;
    struct journal_conf journal;
    struct port_range *port; // none: all ports
    size_t n_port;
    bool watch_only;                            // its bans are known, and nobody is kept out
    bool reject;                                // answer with an error instead of dropping
    struct jail_spec spec;                      // spec.name is name
    usec_t netblock_findtime, netblock_bantime; // of levels without times of their own
    bool increment;                             // bantime.increment: the spec's sentence grows
    struct growth growth;
    const char *factor, *formula; // as they stand in the file
    struct exempt ignoreip;       // with all that its names and files stood for when they were read
    bool ignoreself;
    char **ignorecommand; // asked before a ban, with <ip> and others as they stand; NULL: none
    uint32_t ignorecache_count; // answers of it that are kept; 0: none
    usec_t ignorecache_time;
    const char *logencoding;
    char **onban, **onunban; // programs to run, with their arguments, NULL at the end; NULL: none
};

enum { SETTINGS_NAMES_MAX = 2048 };

struct settings {
    enum {
        LOGLEVEL_ERROR = 3,
        LOGLEVEL_WARNING = 4,
        LOGLEVEL_NOTICE = 5,
        LOGLEVEL_INFO = 6,
        LOGLEVEL_DEBUG = 7
    } loglevel;
    usec_t checkpoint;  // the most that a crash may have to read again
    uint32_t evidence;  // lines kept per ban
    uint64_t memory;    // bytes that the jails share
    usec_t hooktimeout; // how long onban and onunban may take
    usec_t shield_span; // how long a login shields its block
    struct fingerprint_spec fingerprint;
    struct caps_spec caps;
    char known[SETTINGS_NAMES_MAX], kept[SETTINGS_NAMES_MAX]; // "helo:NAME user:NAME", checked
    struct dns_conf dns;
};

struct filterpool;
struct pool;

struct config {
    struct pool *pool;          // owns every string and array here but exempt's
    struct filterpool *filters; // owns what is compiled
    struct settings settings;
    struct jail_conf *jail;
    size_t n_jail;
    struct problem *problem;
    size_t n_problem;
};

// Reads dir. 0 even where there are problems; -errno where there is nothing to go on with (dir is
// not there or cannot be read, -ENOMEM), with one problem that says so. *ret is to be config_done()
// in any case.
int config_load(const char *dir, struct config *ret);
void config_done(struct config *c);

// What jail_new() takes; how many.
size_t config_filters(const struct jail_conf *jail, struct jail_filter ret[JAIL_FILTERS_MAX]);

// Whether what it counts are points: one of its filters weighs more than one.
bool config_weighs(const struct jail_conf *jail);

// How many jails there are to share what there is.
size_t config_usable(const struct config *c);

// A filter by its name, options and all ("postfix-auth", "postfix[mode=aggressive]"), or by the
// path of its file (with a slash in it), for `tailban match`. *c is loaded, or zeroed, and owns the
// strings. -errno with a problem added.
int config_filter(const char *dir, const char *filter, struct config *c, struct filter_spec *ret);

// The effective configuration: every option of every enabled jail, as the daemon understands it.
void config_dump(const struct config *c, FILE *out);
