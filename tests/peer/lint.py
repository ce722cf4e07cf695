#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What `tailban lint` finds in fail2ban's own filters, and whether it is so.

lint.py TAILBAN UNPACK WORK [FILTER...]     UNPACK WORK gives an unpacked package (peer/unpack.sh)

Every finding's witness is given to fail2ban-regex from the package, with the filter that it was found
in: it must find the address that lint says it finds, or not come back within PATIENCE seconds where
lint says that the regex stalls. The findings are printed, each with its witness.

What must be among them stands in KNOWN. Where there is no package the exit code is 77: skipped.
"""
import json
import os
import subprocess
import sys

SKIPPED = 77
PATIENCE = 5

# (filter, kind): what is known of 1.0.2's filters.
KNOWN = [
    ("dovecot", "stall"),  # GHSA-33wh-ccjc-p397
    ("domino-smtp", "stall"),
    ("pure-ftpd", "injection"),  # the user's name stands in front of the address
    ("roundcube-auth", "injection"),  # X-Forwarded-For, in brackets behind the address
    ("portsentry", "shape"),
]
LEAST = 20


def lint(tailban, folder, filters):
    run = subprocess.run([tailban, "lint", "--json", "-c", folder] + filters, stdout=subprocess.PIPE,
                         encoding="utf-8", check=False)
    return [json.loads(line) for line in run.stdout.splitlines()]


def try_witness(tree, folder, finding):
    """What fail2ban-regex makes of a witness: addresses, or None where it does not end."""
    library = os.path.join(tree, "usr/lib/python3/dist-packages")
    command = [sys.executable, os.path.join(tree, "usr/bin/fail2ban-regex"), "-c", folder,
               "-d", "{NONE}", "-o", "ip", finding["witness"], finding["file"]]
    try:
        run = subprocess.run(command, env=dict(os.environ, PYTHONPATH=library), timeout=PATIENCE,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8",
                             check=False)
    except subprocess.TimeoutExpired:
        return None
    return run.stdout.split()


def is_real(finding, found):
    if finding["kind"] == "stall":
        return found is None
    return found is not None and finding["found"] in found


def main():
    tailban, unpack, work, *filters = sys.argv[1:]
    run = subprocess.run([unpack, work], stdout=subprocess.PIPE, encoding="utf-8", check=False)
    if run.returncode == SKIPPED:
        return SKIPPED
    run.check_returncode()
    tree = run.stdout.strip()
    folder = os.path.join(tree, "etc/fail2ban")
    whole = not filters
    filters = filters or sorted(name[: -len(".conf")] for name in os.listdir(folder + "/filter.d")
                                if name.endswith(".conf") and not name.endswith("common.conf"))
    findings = [f for f in lint(tailban, folder, filters) if f["kind"] != "untried"]
    real = 0
    for finding in findings:
        so = is_real(finding, try_witness(tree, folder, finding))
        real += so
        print("%s:%d %s%s\n    %s" % (finding["filter"], finding["line"], finding["kind"],
                                      "" if so else ": NOT SO", finding["witness"]))
    print("findings: %d, so with fail2ban-regex: %d" % (len(findings), real))
    missing = [k for k in KNOWN if k not in [(f["filter"], f["kind"]) for f in findings]]
    for filter_, kind in missing if whole else []:
        print("not found: %s: %s" % (filter_, kind))
    return 1 if real < len(findings) or (whole and (missing or real < LEAST)) else 0


if __name__ == "__main__":
    sys.exit(main())
