#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's filters over fail2ban's sample lines and real logs, and mutations of them: none of their
# matches is lost to the sieve. sieve.sh SIEVE-LOGS WORK LOGS...
set -eu

run=$1 work=$2
shift 2
tree=$("$(dirname "$0")/unpack.sh" "$work")
exec "$run" 1 "$tree/etc/fail2ban" "$tree/usr/lib/python3/dist-packages/fail2ban/tests/files/logs" "$@"
