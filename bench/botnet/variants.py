# SPDX-License-Identifier: GPL-2.0-or-later
"""Configurations to compare: the shipped jails, with some options over them (variants.ini)."""
import configparser
import glob
import json
import os
import re
import shutil
import subprocess

from botnet.log import DOORS

TABLE = os.path.join(os.path.dirname(__file__), "variants.ini")
OVERRIDE = "zz-variant.local"
DOOR_BIT = {door: 1 << i for i, door in enumerate(DOORS)}
UNKNOWN = re.compile(r"unknown option '(.+)'")


def read():
    """Name -> options, in the order of the file."""
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    parser.read(TABLE, encoding="utf-8")
    return {name: dict(parser[name]) for name in parser.sections()}


class Tailban:
    """The program, and the folder whose filters and jails it runs with."""

    def __init__(self, program, conf):
        self.program, self.conf = program, conf

    def _run(self, *arguments):
        environment = dict(os.environ, TZ="UTC")
        return subprocess.run([self.program, *arguments], env=environment, encoding="utf-8",
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
                              timeout=60).stdout

    def jails(self, folder):
        """The enabled jails, and what each closes: bits of doors."""
        dump = self._run("check", "--dump", "-c", folder)
        sections = re.split(r"^\[(.+)\]\n", dump, flags=re.MULTILINE)
        ports = {name: re.search(r"^port = (.*)$", body, re.MULTILINE)
                 for name, body in zip(sections[1::2], sections[2::2])}
        return {name: doors(found[1]) for name, found in ports.items() if found}

    def unknown(self, folder):
        """The options in a configuration that tailban does not know."""
        problems = map(json.loads, self._run("check", "--json", "-c", folder).splitlines())
        found = (UNKNOWN.search(p["text"]) for p in problems if p.get("type") == "problem")
        return {match[1] for match in found if match}

    def widest(self, folder):
        """By version, the shortest prefix that a configuration bans; hosts are /32 and /64."""
        dump = self._run("check", "--dump", "-c", folder)
        found = re.findall(r"^netblock\.v(\d) = (.*)$", dump, re.MULTILINE)
        levels = [(int(v), int(level.partition(":")[0])) for v, row in found
                  for level in row.split()]
        return {v: min([host, *(prefix for w, prefix in levels if w == v)])
                for v, host in ((4, 32), (6, 64))}

    def replay(self, folder):
        """A replay of what comes down a pipe, which says each ban at once."""
        return subprocess.Popen([self.program, "replay", "--json", "-c", folder, "-"],
                                env=dict(os.environ, TZ="UTC"), stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def lay_out(self, folder, options):
        """Makes the configuration of a variant. Returns the options that it would need and tailban
        does not know; what it does not know and is switched off, it can do without."""
        for part in ("filters", "jails"):
            shutil.copytree(os.path.join(self.conf, part), os.path.join(folder, part))
        for part in glob.glob(os.path.join(self.conf, "tailban.*")):
            shutil.copy(part, folder)
        jails = self.jails(folder)
        self._override(folder, jails, options)
        unknown = self.unknown(folder) & set(options)
        known = {name: value for name, value in options.items() if name not in unknown}
        self._override(folder, jails, known)
        return sorted(name for name in unknown if options[name] != "no")

    def _override(self, folder, jails, options):
        lines = "".join(f"{name} = {value}\n" for name, value in options.items())
        with open(os.path.join(folder, "jails", OVERRIDE), "w", encoding="utf-8") as file:
            file.writelines(f"[{section}]\n{lines}" for section in ("DEFAULT", *jails))


def doors(ports):
    """The doors that a jail's ports close: "25,587", "100:200" or "all"."""
    if ports == "all":
        return sum(DOOR_BIT.values())
    bits = 0
    for port in filter(None, map(str.strip, ports.split(","))):
        first, _, last = port.partition("/")[0].partition(":")
        for door, number in DOORS.items():
            if int(first) <= number <= int(last or first):
                bits |= DOOR_BIT[door]
    return bits
