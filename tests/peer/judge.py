#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""fail2ban's own samples, judged as fail2ban judges them.

judge.py DRIVER UNPACK WORK   run the sample lines of its test suite through the engine
                              (peer/driver.c); UNPACK WORK gives an unpacked package (peer/unpack.sh)
judge.py DRIVER --tree X      the same with a package that lies unpacked in X

Nothing of the package is part of this project, and no part of it is executed but the conditions in
its annotations. Where no package can be had, the exit code is 77: skipped.

A line's annotation says whether it must match, and with what. It must match exactly one failregex,
with the same host and the other values named, at the same second. The lines run in order, for each
set of options that the file asks for; every failregex must match at least one.
"""
import argparse
import collections
import glob
import ipaddress
import json
import os
import re
import subprocess
import sys
import time
import urllib.parse

# The clock that fail2ban's tests run on.
ZONE = "CET-01CEST-02,M3.5.0,M10.5.0"
TESTS = "usr/lib/python3/dist-packages/fail2ban/tests"
ANNOTATION = re.compile(r"^#+ ?(failJSON|(?:file|filter)Options|addFILE):(.+)$")
NOT_VALUES = ("time", "match", "desc", "constraint")
SKIPPED = 77


def fetch(unpack, work):
    """The unpacked package's path, or None."""
    run = subprocess.run([unpack, work], stdout=subprocess.PIPE, encoding="utf-8", check=False)
    if run.returncode == SKIPPED:
        return None
    run.check_returncode()
    tree = run.stdout.strip()
    # The test filters include one of the package's by its place in the source tree.
    above = os.path.normpath(os.path.join(tree, TESTS, "config/filter.d", *[".."] * 7, "config"))
    if not os.path.islink(above):
        os.symlink(os.path.join(tree, "etc/fail2ban"), above)
    return tree


class Filter:
    """A filter with one set of options, as the driver has it."""

    def __init__(self, driver, folder, name, options):
        self.driver = driver
        self.number = driver.filters
        driver.filters += 1
        given = "".join('[%s="%s"]' % item for item in options.items())
        answer = driver.ask("filter %s %s%s" % (folder, name, given))
        self.error = None
        self.regexes = []
        self.hit = set()
        if answer.startswith("error "):
            self.error = urllib.parse.unquote(answer[6:])
        else:
            self.regexes = [driver.read() for _ in range(int(answer.split()[1]))]

    def match(self, line, journal):
        """What the line gives: (counts, rule, time, values)."""
        self.driver.send("use %d" % self.number)
        answer = self.driver.ask(b"%s %s" % (b"journal" if journal else b"line", line))
        found = []
        if answer.startswith("missed "):
            raise SystemExit("%s\n    %s" % (urllib.parse.unquote(answer), line))
        while answer != "end":
            kind, rule, when, *values = answer.split(" ")
            values = dict(v.split("=", 1) for v in values)
            values = {k: urllib.parse.unquote(v) for k, v in values.items()}
            found.append((kind == "hit", int(rule), when, values))
            answer = self.driver.read()
        return found


class Driver:
    def __init__(self, path):
        environment = dict(os.environ, TZ=ZONE, LC_ALL="C.UTF-8")
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([path], stdin=pipe, stdout=pipe, env=environment)
        self.filters = 0

    def send(self, line):
        line = line if isinstance(line, bytes) else line.encode()
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("the driver is gone")
        return line.decode().rstrip("\n")

    def ask(self, line):
        self.send(line)
        return self.read()


def same_value(ours, theirs):
    if isinstance(theirs, list):
        return set(ours.rstrip("\0").split("\0")) == set(theirs)
    if isinstance(theirs, int):
        return int(ours) == theirs
    if ours == theirs:
        return True
    try:
        return ipaddress.ip_network(ours) == ipaddress.ip_network(theirs)
    except ValueError:
        return False


def differences(found, expected):
    """What is wrong about a line's matches, in words; None: nothing."""
    counted = [f for f in found if f[0]]
    if not counted:
        return "not matched" if expected.get("match") else None
    if not expected.get("match"):
        return "matched rule %d" % (counted[0][1] + 1)
    if len(counted) > 1:
        return "matched rules %s" % ", ".join(str(f[1] + 1) for f in counted)
    _, _, when, values = counted[0]
    for key, value in expected.items():
        if key not in NOT_VALUES and not same_value(values.get(key), value):
            return "%s is %r, not %r" % (key, values.get(key), value)
    if expected.get("time"):
        seconds, _, fraction = expected["time"].partition(".")
        parts = time.strptime(seconds, "%Y-%m-%dT%H:%M:%S")
        wanted = "%d" % time.mktime(parts[:8] + (-1,))
        # fail2ban drops the fraction of most dates, and we keep it.
        second, _, micro = when.partition(".")
        if second != wanted or (fraction and int(micro) != int(fraction.ljust(6, "0"))):
            return "at %s, not %s.%s (%s)" % (when, wanted, fraction, expected["time"])
    return None


class Suite:
    def __init__(self, driver, tree):
        self.driver = driver
        self.tests = os.path.join(tree, TESTS)
        self.stock = os.path.join(tree, "etc/fail2ban")
        self.passed = self.all = 0
        self.loaded = self.filters = 0
        self.complaints = []

    def complain(self, where, text):
        self.complaints.append("%s: %s" % (where, text))

    def sample(self, name, options, filter_, path, number, line, expected):
        """One line with one set of options."""
        if expected.get("constraint") and not evaluate(expected["constraint"], name, options):
            return
        journal = options.get("logtype") == "journal"
        if journal:
            line = options.get("test.prefix-line", "").encode() + line
        found = filter_.match(line, journal) if not filter_.error else []
        wrong = differences(found, expected)
        if wrong and not filter_.error:
            where = "%s:%d %s" % (os.path.relpath(path, self.tests), number, options)
            self.complain(where, "%s\n    %s" % (wrong, line.decode(errors="replace")))
        self.all += 1
        self.passed += not wrong
        filter_.hit.update(f[1] for f in found)

    def run_file(self, path, name, folder, filters, more):
        """The annotated lines of a file."""
        common, chosen, blocked = {}, None, False
        lines = enumerate(open(path, "rb").read().split(b"\n"), 1)
        for number, line in lines:
            expected = {}
            annotation = ANNOTATION.match(line.decode(errors="replace"))
            if annotation:
                kind, value = annotation[1], json.loads(annotation[2])
                if kind == "addFILE":
                    more.append(value)
                elif kind == "fileOptions":
                    common = value
                elif kind == "filterOptions":
                    chosen = []
                    for own in value if isinstance(value, list) else [value]:
                        options = dict(common, **own)
                        condition = options.get("test.condition")
                        blocked = bool(condition) and not evaluate(condition, name, options)
                        if not blocked:
                            chosen.append((options, self.open(folder, name, options, filters)))
                if kind != "failJSON":
                    continue
                expected = value
                number, line = next(lines)
            elif line.startswith(b"#") or not line.strip():
                continue
            if blocked:
                continue
            if chosen is None:
                chosen = [({}, self.open(folder, name, {}, filters))]
            for options, filter_ in chosen:
                self.sample(name, options, filter_, path, number, line.rstrip(b"\r"), expected)

    def open(self, folder, name, options, filters):
        given = {k: v for k, v in options.items() if not k.startswith("test.")}
        key = options.get("test.filter-name") or str(given)
        if key not in filters:
            filters[key] = Filter(self.driver, folder, name, given)
            self.filters += 1
            self.loaded += not filters[key].error
            if filters[key].error:
                self.complain("%s %s" % (name, given), filters[key].error)
        return filters[key]

    def run_filter(self, folder, name):
        filters, names = {}, [name]
        for log in names:
            self.run_file(os.path.join(self.tests, "files/logs", log), name, folder, filters, names)
        used = {f.regexes[i] for f in filters.values() for i in f.hit}
        for key, filter_ in filters.items():
            for i, regex in enumerate(filter_.regexes):
                if i not in filter_.hit and regex not in used:
                    self.complain("%s %s" % (name, key), "no line for rule %d: %s" % (i + 1, regex))

    def run(self):
        own = os.path.join(self.tests, "config")
        for folder, pattern in ((self.stock, "*.conf"), (own, "zzz-*.conf")):
            for path in sorted(glob.glob(os.path.join(folder, "filter.d", pattern))):
                name = os.path.basename(path)[: -len(".conf")]
                if not name.endswith("common"):
                    self.run_filter(folder, name)


def proof(driver):
    """How many regexes are tried only on lines that have a text they need, and which always are."""
    _, regexes, matches = driver.ask("proof").split()
    untold = collections.Counter()
    answer = driver.read()
    while answer != "end":
        untold[urllib.parse.unquote(answer)] += 1
        answer = driver.read()
    for regex, n in untold.most_common():
        print("tried on every line (%d filters): %s" % (n, regex))
    print("regexes: %d of %s tried on every line, %s matches" % (untold.total(), regexes, matches))


def evaluate(condition, name, options):
    return eval(condition, {"__builtins__": {}}, {"name": name, "opts": options})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("driver")
    parser.add_argument("unpack", nargs="?")
    parser.add_argument("work", nargs="?")
    parser.add_argument("--tree")
    arguments = parser.parse_args()
    tree = arguments.tree or fetch(arguments.unpack, arguments.work)
    if not tree:
        return SKIPPED
    os.environ["TZ"] = ZONE
    time.tzset()
    suite = Suite(Driver(arguments.driver), os.path.abspath(tree))
    suite.run()
    for complaint in suite.complaints:
        print(complaint)
    proof(suite.driver)
    print("annotations: %d of %d passed" % (suite.passed, suite.all))
    print("filters: %d of %d loaded" % (suite.loaded, suite.filters))
    return 1 if suite.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
