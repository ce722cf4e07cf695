#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""feed.py DIR SECONDS: lets the sample logs grow in DIR as if their servers wrote them now.

mail.log (Postfix, syslog), dovecot.log (Dovecot's own log_path) and sYYYYMMDD-00.log (IceWarp): each
line is given the time at which it is written, and all three end after SECONDS.
"""
import os
import re
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
SYSLOG = re.compile(r"^\w{3} [ \d]\d \d\d:\d\d:\d\d")
ICEWARP = re.compile(r"^(\S+ +\[[0-9A-F]+\]) \d\d:\d\d:\d\d")


def syslog_line(line):
    now = time.localtime()
    return SYSLOG.sub(time.strftime("%b ", now) + f"{now.tm_mday:2d} " + time.strftime("%T", now), line)


def icewarp_line(line):
    return ICEWARP.sub(lambda m: m.group(1) + time.strftime(" %T"), line)


def main():
    folder, seconds = sys.argv[1], float(sys.argv[2])
    logs = [
        ("mail.log", "mail.log", syslog_line),
        ("dovecot.log", "dovecot.log", syslog_line),
        ("s.log", time.strftime("s%Y%m%d-00.log"), icewarp_line),
    ]
    due = []
    for sample, name, stamped in logs:
        with open(os.path.join(HERE, sample), encoding="utf-8") as lines:
            text = lines.read().splitlines()
        out = open(os.path.join(folder, name), "a", encoding="utf-8")
        due += [(i / len(text), out, stamped, line) for i, line in enumerate(text)]
    start = time.monotonic()
    for at, out, stamped, line in sorted(due, key=lambda row: row[0]):
        time.sleep(max(0.0, start + at * seconds - time.monotonic()))
        out.write(stamped(line) + "\n")
        out.flush()


main()
