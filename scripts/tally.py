#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tally.py BROKEN TESTLOG...: the one line that counts the tests of several meson runs.

BROKEN builds that did not compile count as one failure each. Exits 1 where anything failed.
"""
import json
import sys

passed = skipped = 0
failed = int(sys.argv[1])
for path in sys.argv[2:]:
    with open(path, encoding="utf-8") as log:
        for line in log:
            test = json.loads(line)
            if test["result"] in ("OK", "EXPECTEDFAIL"):
                passed += 1
            elif test["result"] == "SKIP":
                skipped += 1
                print("skipped:", test["name"])
            else:
                failed += 1
                print("failed:", test["name"], f"({test['result']}, {path})")
if passed == 0:
    failed = max(failed, 1)
print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
sys.exit(1 if failed else 0)
