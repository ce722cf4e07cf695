#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the commands of a transcript and compares what they print, and their exit codes:
#   tests/cli.sh TRANSCRIPT TAILBAN FAKE-TAILBAND
# A line "$ command" is run; below it stands its output, both streams, then "[code]" where the code
# is not 0. `tailban` runs without a daemon, `SCENE tailban` against fake-tailband.
# What depends on the day of the test is TIME and AGE.
# CLI_ACCEPT=1 writes the transcript anew: read the difference before you commit it.
set -eu

transcript=$1
tailban=$(realpath "$2")
fake=$(realpath "$3")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# An exit code can only be seen from outside of the commands' own shell: they are files in PATH.
printf '#!/bin/sh\nexec "%s" "$@"\n' "$tailban" >"$folder/tailban"
# Called by another name it is another program.
ln -s "$tailban" "$folder/fail2ban-client"
for scene in busy full quiet older newer junk hangs-up; do
    printf '#!/bin/sh\nprogram=$1\nshift\nexec "%s" %s "$(command -v $program)" "$@"\n' \
        "$fake" $scene >"$folder/$scene"
done
chmod +x "$folder"/*
PATH=$folder:$PATH
TZ=UTC TERM=dumb LC_ALL=C
export PATH TZ TERM LC_ALL
unset NO_COLOR || true

while IFS= read -r line; do
    case $line in
    '$ '*)
        printf '%s\n' "$line"
        code=0
        (cd "$folder" && sh -c "${line#??}" </dev/null 2>&1) || code=$?
        [ $code = 0 ] || printf '[%s]\n' $code
        ;;
    '#'*) printf '%s\n' "$line" ;;
    esac
done <"$transcript" | sed -E "s|$tailban|tailban|g
    s/20[2-9][0-9]-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z/TIME/g
    s/until [0-9]{2} [A-Z][a-z]{2} ([0-9]{4} )?[0-9:]{8} \(/until TIME (/
    s/\([0-9]{4,}w.* ago\)/(AGE)/
    s/[0-9]{4,}w( [0-9]d)? ago/AGE/g" >"$folder/actual"

if [ -n "${CLI_ACCEPT:-}" ]; then
    cp "$folder/actual" "$transcript"
else
    diff -u "$transcript" "$folder/actual"
fi
