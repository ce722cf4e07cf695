#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's filters over fail2ban's sample lines, and so many mutations of them: none of their matches is
# lost to the sieve. sieve.sh SIEVE-LOGS WORK MUTATIONS
set -eu

tree=$("$(dirname "$0")/unpack.sh" "$2")
exec "$1" "$3" "$tree/etc/fail2ban" "$tree/usr/lib/python3/dist-packages/fail2ban/tests/files/logs"
