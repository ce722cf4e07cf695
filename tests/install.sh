#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What is installed can run as it lies: tests/install.sh BUILD_DIR
set -eu

build=$1
command -v meson >/dev/null || { echo "meson is not installed"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
meson install -C "$build" --no-rebuild --quiet --destdir "$dir"

failed=0
complain() {
    echo "$*"
    failed=1
}

# The shipped jails are where tailband looks for its configuration, and nothing is wrong with them.
shipped=$(ls "$(dirname "$0")"/../jails/*.conf | grep -cv defaults.conf)
said=$("$dir"/*/*/bin/tailban check -c "$dir/etc/tailban") || complain "$said"
case $said in
*"Jails that can run: $shipped of $shipped enabled; errors: 0, warnings: 0") ;;
*) complain "$said" ;;
esac

units=0
for unit in $(find "$dir" -name 'tailban*.service'); do
    program=$(sed -n 's/^ExecStart=//p' "$unit")
    [ -x "$dir/${program%% *}" ] || complain "$unit starts $program, which is not installed"
    units=$((units + 1))
done
[ "$units" -eq 3 ] || complain "$units services are installed"
for wanted in tailband.socket tailban-enforce.socket sysusers.d/tailban.conf tmpfiles.d/tailban.conf; do
    find "$dir" -path "*/$wanted" | grep -q . || complain "$wanted is not installed"
done
exit $failed
