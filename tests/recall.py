#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How many attackers does `tailban replay` ban, and whom by mistake?

A folder holds logs and the truth about them, either
  truth.txt                        lines "must NET" and "never ADDRESS"
or, as whoever made the traffic wrote it down,
  truth.jsonl and addresses.json   one object per connection; whom never to ban

An attacker must be banned whose five rejected passwords left lines with its address within ten
minutes, or ten connections with another offence. One host is an IPv4 address or an IPv6 /64.

  recall.py FOLDER REPLAY.jsonl          judge the output of `tailban replay --json`
  recall.py FOLDER --run TAILBAN CONF    replay the folder's logs first: as CONF says, and without its
                                         netblock levels, behind which hosts that are missed can hide
  recall.py FOLDER --compact             print a truth.txt
"""
import argparse
import collections
import datetime
import glob
import ipaddress
import json
import os
import shutil
import subprocess
import sys
import tempfile

FINDTIME, MAXRETRY = 600, 5
OTHER_OFFENCES = {"helo", "relay", "rcpt_unknown", "pregreet", "junk"}


def host_of(address):
    address = ipaddress.ip_address(address)
    return ipaddress.ip_network((address, 64 if address.version == 6 else 32), strict=False)


def seconds(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def within_findtime(times, needed):
    times = sorted(times)
    return any(last - first <= FINDTIME for first, last in zip(times, times[needed - 1 :]))


def read_connections(path):
    """Hosts that must be banned, from one object per connection."""
    passwords, others = collections.defaultdict(list), collections.defaultdict(list)
    with open(path, encoding="utf-8") as lines:
        for connection in map(json.loads, lines):
            who = connection.get("count_for", connection["src"])
            seen = connection.get("visible", "explicit") == "explicit"
            if connection["role"] != "attacker" or not who or not seen:
                continue
            if connection["offence"] == "auth":
                ended = [connection["t1"]] * connection["auth_fail"]
                times = connection.get("fail_times") or ended
                passwords[host_of(who)] += map(seconds, times)
            elif connection["offence"] in OTHER_OFFENCES:
                others[host_of(who)].append(seconds(connection["t1"]))
    must = {h for h, times in passwords.items() if within_findtime(times, MAXRETRY)}
    return must | {h for h, times in others.items() if within_findtime(times, 2 * MAXRETRY)}


def read_truth(folder):
    """Hosts that must be banned, addresses that never may be."""
    compact = os.path.join(folder, "truth.txt")
    if os.path.exists(compact):
        rows = [line.split() for line in open(compact, encoding="utf-8") if line[0] != "#"]
        must = {ipaddress.ip_network(text) for word, text in rows if word == "must"}
        return must, {ipaddress.ip_address(text) for word, text in rows if word == "never"}
    with open(os.path.join(folder, "addresses.json"), encoding="utf-8") as file:
        never = set(map(ipaddress.ip_address, json.load(file)["never_ban"]))
    return read_connections(os.path.join(folder, "truth.jsonl")), never


def overlap(a, b):
    return a.version == b.version and a.overlaps(b)


def judge(title, folder, replay):
    must, never = read_truth(folder)
    bans = [json.loads(line) for line in replay.splitlines() if line.startswith("{")]
    nets = {ipaddress.ip_network(ban["net"]) for ban in bans if "net" in ban}
    missed = sorted(str(host) for host in must if not any(overlap(host, net) for net in nets))
    false = sorted(str(a) for a in never if any(a in net for net in nets))
    name = os.path.basename(os.path.normpath(folder)) + title
    print(f"{name}: {len(must) - len(missed)} of {len(must)} attackers banned, {len(false)} false bans")
    for what, who in (("missed", missed), ("false ban", false)):
        for address in who:
            print(f"  {what}: {address}")
    return not missed and not false


def without_levels(conf, to):
    """A copy of a configuration that bans no blocks."""
    for part in ("filters", "jails"):
        shutil.copytree(os.path.join(conf, part), os.path.join(to, part))
    for path in glob.glob(os.path.join(to, "jails", "*")):
        with open(path, encoding="utf-8") as file:
            kept = [line for line in file if not line.startswith("netblock.")]
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(kept)


def run(folder, tailban, conf):
    logs = sorted(glob.glob(os.path.join(folder, "*.log")))
    command = [tailban, "replay", "--json", "-c", conf, *logs]
    environment = dict(os.environ, TZ="UTC")
    return subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, check=True, encoding="utf-8"
    ).stdout


def run_and_judge(folder, tailban, conf):
    with tempfile.TemporaryDirectory() as hosts_only:
        without_levels(conf, hosts_only)
        good = judge(", hosts only", folder, run(folder, tailban, hosts_only))
    return judge("", folder, run(folder, tailban, conf)) and good


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder")
    parser.add_argument("replay", nargs="?")
    parser.add_argument("--run", nargs=2, metavar=("TAILBAN", "CONF"))
    parser.add_argument("--compact", action="store_true")
    options = parser.parse_args()
    if options.compact:
        must, never = read_truth(options.folder)
        print("\n".join(sorted(f"must {h}" for h in must) + sorted(f"never {a}" for a in never)))
        return 0
    if options.run:
        return 0 if run_and_judge(options.folder, *options.run) else 1
    if not options.replay:
        parser.error("REPLAY.jsonl or --run is needed")
    with open(options.replay, encoding="utf-8") as file:
        return 0 if judge("", options.folder, file.read()) else 1


if __name__ == "__main__":
    sys.exit(main())
