#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Replays each folder of tests/replay: its logs must give the verdicts in `expected`, line for line.

The first line of `expected` says which configuration holds: "# -c FOLDER", from the tree's root.

  replay.py TAILBAN ROOT [FOLDER...]
"""
import difflib
import glob
import os
import subprocess
import sys

NOW = "2026-12-01T00:00:00Z"


def replay(tailban, root, folder):
    with open(os.path.join(folder, "expected"), encoding="utf-8") as file:
        config, *expected = file.read().splitlines()
    conf = os.path.join(root, config.removeprefix("# -c "))
    logs = sorted(glob.glob(os.path.join(folder, "*.log")))
    done = subprocess.run(
        [tailban, "replay", "--json", "--now", NOW, "-c", conf, *logs],
        env=dict(os.environ, TZ="UTC"), stdout=subprocess.PIPE, check=True, encoding="utf-8",
    )
    differences = difflib.unified_diff(
        expected, done.stdout.splitlines(), "expected", "replayed", lineterm="", n=0
    )
    return list(differences)


def main():
    tailban, root, *folders = sys.argv[1:]
    found = glob.glob(os.path.join(root, "tests", "replay", "*", "expected"))
    folders = folders or sorted(map(os.path.dirname, found))
    failed = 0
    for folder in folders:
        differences = replay(tailban, root, folder)
        print(os.path.basename(folder), "FAILED" if differences else "ok", *differences, sep="\n  ")
        failed += bool(differences)
    return 1 if failed or not folders else 0


if __name__ == "__main__":
    sys.exit(main())
