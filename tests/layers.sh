#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The include law: which folder of src may include what. tests/layers.sh SRC_DIR; with --self-check
# in front, whether each kind of violation would be found.
set -eu

# folder: our own folders it may include besides itself; the foreign library that lives there.
laws='
base    -                             -
wire    base                          -
engine  base                          pcre2
conf    base,engine                   iniparser
ledger  base,engine                   sqlite
dns     base,engine,conf              cares
scan    base,wire,engine,conf,ledger,dns  systemd
enforce base,wire                     netlink
cli     base,wire,engine,conf,ledger  jansson
'

# A header by its pattern (the first that fits): the library it belongs to, C, or the system.
headers='
^(assert|ctype|endian|errno|immintrin|inttypes|limits|math|stdarg|stdbool|stddef|stdint|stdio|stdlib|string|time)\.h$ C
^pcre2(posix)?\.h$ pcre2
^(iniparser/)?(iniparser|dictionary)\.h$ iniparser
^sqlite3(ext)?\.h$ sqlite
^systemd/ systemd
^ares(_[a-z]+)?\.h$ cares
^(libmnl|libnftnl|libnetfilter[a-z_]*)/ netlink
^linux/(netfilter|netlink|rtnetlink|if_addr|genetlink) netlink
^jansson(_config)?\.h$ jansson
^(arpa|linux|net|netinet|sys)/ system
^(dirent|fcntl|fnmatch|getopt|glob|grp|langinfo|locale|netdb|poll|pwd|sched|signal|spawn|strings|syslog|termios|unistd|wchar)\.h$ system
'

check() {
    (cd "$1" && grep -rnE --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include' ./*) | sed 's,^\./,,' |
        LAWS=$laws HEADERS=$headers awk '
function wrong(why) {
    print "src/" place ": " name ": " why
    bad = 1
}
function kind_of(header, i) {
    for (i = 1; i <= kinds; i++)
        if (header ~ pattern[i])
            return kind[i]
    return ""
}
function ours(folder) {
    use[++uses] = inner
    user[uses] = file
    at[uses] = place
    if (!(folder in own))
        wrong("write our own headers with their folder")
    else if (folder != home && index("," own[home] ",", "," folder ",") == 0)
        wrong(home " may not include " folder)
}
function foreign(k) {
    if (k == "")
        wrong("tests/layers.sh does not know whose header this is")
    else if (k == "system" && home == "engine")
        wrong("the engine is pure: C headers only")
    else if (k != "C" && k != "system" && k != library[home])
        wrong(k " does not live in " home)
    else if (k != "C" && k != "system" && file ~ /\.h$/)
        shows[file] = k
}
BEGIN {
    n = split(ENVIRON["LAWS"], line, "\n")
    for (i = 1; i <= n; i++)
        if (split(line[i], f, " ") == 3) {
            own[f[1]] = f[2]
            library[f[1]] = f[3]
        }
    n = split(ENVIRON["HEADERS"], line, "\n")
    for (i = 1; i <= n; i++)
        if (split(line[i], f, " ") == 2) {
            pattern[++kinds] = f[1]
            kind[kinds] = f[2]
        }
}
{
    seen++
    split($0, f, ":")
    file = f[1]
    place = f[1] ":" f[2]
    home = file
    sub(/\/.*/, "", home)
    name = $0
    sub(/^[^<"]*/, "", name)
    inner = substr(name, 2)
    sub(/[>"].*$/, "", inner)
    folder = inner
    if (!sub(/\/.*/, "", folder))
        folder = ""
    if (!(home in own))
        wrong("no law for the folder " home)
    else if (name ~ /^"/)
        ours(folder)
    else
        foreign(kind_of(inner))
}
# A header that shows a foreign type, its own or by what it includes, is private to its folder.
function leaks(more, i) {
    for (more = 1; more;) {
        more = 0
        for (i = 1; i <= uses; i++)
            if (use[i] in shows && user[i] ~ /\.h$/ && !(user[i] in shows)) {
                shows[user[i]] = shows[use[i]]
                more = 1
            }
    }
    for (i = 1; i <= uses; i++) {
        place = at[i]
        name = use[i]
        if (use[i] in shows && substr(use[i], 1, index(use[i], "/")) != \
                               substr(user[i], 1, index(user[i], "/")))
            wrong("it shows types of " shows[use[i]] " and is private to its folder")
    }
}
END {
    leaks()
    if (!seen)
        print "no includes at all: is this the src directory?"
    exit bad || !seen
}'
}

# file, include line: each breaks the law.
violations='
base/a.c     #include "engine/jail.h"
wire/a.c     #include "conf/config.h"
engine/a.c   #include "ledger/ledger.h"
engine/a.c   #include <unistd.h>
engine/a.c   #include <sys/socket.h>
engine/jail.h  #include <pcre2.h>
conf/a.c     #include "wire/order.h"
conf/a.c     #include <pcre2.h>
ledger/ledger.h #include <sqlite3.h>
scan/a.c     #include <sqlite3.h>
scan/a.c     #include <ares.h>
dns/resolver.h #include <ares.h>
cli/a.c      #include "dns/inquiry.h"
scan/a.c     #include "enforce/batch.h"
scan/a.c     #include <linux/netlink.h>
enforce/a.c  #include "engine/jail.h"
enforce/a.c  #include <systemd/sd-daemon.h>
wire/a.c     #include <libmnl/libmnl.h>
base/table.h #include <jansson.h>
cli/a.c      #include "scan/follow.h"
cli/a.c      # include <iniparser/iniparser.h>
scan/a.c     #include <jansson.h>
scan/a.c     #include <curl/curl.h>
scan/a.c     #include "follow.h"
extra/a.c    #include <stdio.h>
'

self_check() {
    failed=0
    dir=$(mktemp -d)
    trap 'rm -rf "$dir"' EXIT
    while read -r file include; do
        [ -n "$file" ] || continue
        rm -rf "$dir/src"
        cp -r "$1" "$dir/src"
        mkdir -p "$(dirname "$dir/src/$file")"
        echo "$include" >>"$dir/src/$file"
        if check "$dir/src" >/dev/null; then
            echo "not found: $file: $include"
            failed=1
        fi
    done <<END
$violations
END
    return $failed
}

if [ "$1" = --self-check ]; then
    self_check "$2"
else
    check "$1"
fi
