#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Fetches Debian's fail2ban package into WORK and unpacks it there, once; nothing of it is installed.
# unpack.sh WORK prints the path of the unpacked tree; where no package can be had it says why on
# standard error and exits with 77.
set -eu

mkdir -p "$1"
work=$(cd "$1" && pwd)
exec 9>"$work/lock"
flock 9

if [ ! -d "$work/tree" ]; then
    rm -rf "$work/new"
    mkdir "$work/new"
    cd "$work/new"
    if ! apt-get -o Acquire::Retries=0 -o Acquire::http::Timeout=20 download fail2ban >log 2>&1; then
        echo "skipped: the package fail2ban cannot be fetched: $(tail -n 1 log)" >&2
        exit 77
    fi
    dpkg-deb -x fail2ban_*.deb tree
    mv tree "$work/tree"
fi
echo "$work/tree"
