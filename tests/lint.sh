#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Nothing is wrong with the shipped filters, each of their regexes is tried, and the examples of
# docs/filters.md that are said to be bad are found to be: tests/lint.sh TAILBAN ROOT
set -eu

said=$("$1" lint -c "$2" --samples "$2/tests/filters" --json) || true
[ -z "$said" ] || { printf '%s\n' "$said"; exit 1; }

bad=$(sed -n 's/^    bad   //p' "$2/docs/filters.md")
good=$(sed -n 's/^    good  //p' "$2/docs/filters.md")
[ -n "$bad" ] && [ -n "$good" ]
printf '%s\n' "$bad" | while IFS= read -r regex; do
    ! "$1" lint "$regex" >/dev/null || { echo "not found: $regex"; exit 1; }
done
printf '%s\n' "$good" | while IFS= read -r regex; do
    "$1" lint "$regex" || exit 1
done
