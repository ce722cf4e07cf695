#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The units are valid, and their exposure stays as low as promised: tests/systemd.sh BUILD_DIR
set -eu

build=$1
command -v systemd-analyze >/dev/null || { echo "systemd-analyze is not installed"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
src=$(realpath "$(dirname "$0")/../systemd")
cp "$src"/*.socket "$dir"/
for unit in tailband tailban-enforce; do
    # verify wants the programs to exist, and they are not installed.
    sed "s,^ExecStart=.*/,ExecStart=$build/," "$build/systemd/$unit.service" >"$dir/$unit.service"
done
cp "$src"/examples/*.path "$dir"/
sed "s,@HOOKDIR@,$src/../hooks," "$src/examples/tailban-hooks.service.in" >"$dir/tailban-hooks.service"

failed=0
# Man pages may not be installed where the tests run; everything else verify says counts.
said=$(systemd-analyze verify --man=no "$dir"/*.service "$dir"/*.socket "$dir"/*.path 2>&1 |
    grep -F "$dir" || true)
if [ -n "$said" ]; then
    echo "$said"
    failed=1
fi

exposure() {
    level=$(systemd-analyze security --offline=yes --threshold="$2" "$dir/$1.service" --no-pager |
        sed -n 's/.*exposure level for [^:]*: *\([0-9.]*\).*/\1/p')
    echo "$1.service: exposure $level, at most $3"
    awk -v is="$level" -v most="$3" 'BEGIN { exit !(is != "" && is <= most) }' || failed=1
}
exposure tailban-enforce 100 1.4
exposure tailband 100 1.0
# With a resolver to ask.
cat "$dir/tailband.service" "$src/examples/tailband-dns.conf" >"$dir/tailband-dns.service"
exposure tailband-dns 100 1.6
exit $failed
