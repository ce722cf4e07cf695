#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The manual pages are formatted without a warning, and tailban(1) names every command there is:
#   tests/man.sh FOLDER TAILBAN
set -eu

failed=0
for page in "$1"/*.[1-9]; do
    said=$(LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null)
    [ -z "$said" ] || { printf '%s: %s\n' "$page" "$said"; failed=1; }
done
commands=$("$2" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
[ -n "$commands" ]
for command in $commands; do
    grep -qE "^\.(B|BI|BR) \"?$command\b" "$1/tailban.1" ||
        { echo "tailban.1 says nothing about $command"; failed=1; }
done
exit $failed
