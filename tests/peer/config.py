#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether we understand a configuration as fail2ban does.

config.py TAILBAN UNPACK WORK      UNPACK WORK gives an unpacked package (peer/unpack.sh)

Three folders in fail2ban's layout are made from the package's: one where every jail of its jail.conf
is enabled, one with a jail for each filter in each of its modes, log types and the option sets that
fail2ban's own tests use, and one with jails of our own that try the dialect. `fail2ban-client -d`
from the package and `tailban check --dump` then say what each jail comes to, option by option.

A difference that is meant stands in KNOWN, with its reason; any other fails. Where there is no
package the exit code is 77: skipped.
"""
import ast
import glob
import ipaddress
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile

LIBRARY = "usr/lib/python3/dist-packages"
SKIPPED = 77

# Their client, told that every log file exists: which do is not what is compared.
CLIENT = """
import sys
from fail2ban.client import fail2banclient, jailreader
jailreader.JailReader._glob = staticmethod(lambda path: [path])
fail2banclient.exec_command_line(["fail2ban-client"] + sys.argv[1:])
"""

# (folder, jail, option) as regexes: what differs on purpose.
KNOWN = [
    ("whole", "pass2allow-ftp", "loads", "it lets in whom it finds, and we only keep out"),
    ("filters", ".* systemd", "loads without journalmatch", "it would judge the whole journal"),
]

# Said by them for each jail, and nothing to compare.
NOT_COMPARED = {
    "maxmatches": "how many lines to keep of a ban is one setting for all jails (evidence)",
    "start": "no option",
}

# What of theirs keeps somebody out of this host, and what of it knows no ports.
BANS = (r"(iptables|nftables|firewallcmd|ipset|ufw|shorewall|pf|npf|(bsd-|osx-)?ipfw|ipfilter|osx-afctl|"
        r"apf|route|hostsdeny|symbiosis)(-|$)")
ALL_PORTS = r"(ufw|shorewall|ipfilter|osx-afctl|apf|route|hostsdeny|symbiosis)(-|$)|.*-allports$"

# Gone from Debian's /etc/services, and in jails all the same.
RETIRED_SERVICES = {"ssmtp": 465, "imap3": 220, "webcache": 8080, "icewarp-webmail": 32000}

# Jails that try the dialect, and the filters that they use.
OWN_FILES = {
    "filter.d/own.conf": r"""
[INCLUDES]
before = common.conf
[DEFAULT]
_daemon = owned
[Definition]
failregex = ^%(__prefix_line)s<tail-<mode>> from <HOST>%(end)s$
            ^100 <who> <HOST>
mdre-x = unused
tail-one = (?:<inner>)
tail-two = <tail-one>|two
inner = in\S+
end =
ignoreregex = ^<known/who> <HOST>$
mode = one
who = init
datepattern = ^%%Y-%%m-%%d
              {^LN-BEG}
journalmatch = _SYSTEMD_UNIT=a.service + _COMM=b
               "_COMM=c d"
[Init]
who = by-init
maxlines = 1
""",
    "filter.d/own-two.conf": r"""
[Definition]
prefregex = ^<F-CONTENT>.+</F-CONTENT>$
failregex = ^<ADDR>$
usedns = no
""",
    # Files of one filter: who comes last says what an option is, and what it was before is known.
    "filter.d/layered.conf": r"""
[INCLUDES]
before = layered-before.conf
after = layered-after.conf
        no-such-file.conf
[Definition]
failregex = ^%(said)s <whose> <HOST>
            ^conf <a> <b> <c> <d> <e> <f> <HOST>
whose = conf
a = conf
b = conf
c = conf
d = conf
e = conf
""",
    "filter.d/layered-before.conf": r"""
[DEFAULT]
f = default
[Definition]
said = before
a = before
whose = before
""",
    "filter.d/layered-before.local": "[Definition]\nsaid = %(known/said)s before-local\na = before-local\n",
    "filter.d/layered-after.conf": "[Definition]\nb = after <known/b>\nwhose = after\n",
    "filter.d/layered.d/20.conf": "[Definition]\nb = 20\nc = 20\n",
    "filter.d/layered.d/10.conf": "[Definition]\nb = 10\nc = 10\nd = 10\n",
    "filter.d/layered.d/10.local": "[Definition]\ne = 10-local\nwhose = %(known/whose)s and <known/whose>\n",
    "filter.d/layered.local": "[Definition]\ne = local\nd = local <known/d>\n",
    "filter.d/sections.conf": r"""
[lt_file]
start = ^file
[lt_journal]
start = ^journal
[Definition]
failregex = <lt_<logtype>/start> %(lt_file/start)s %(lt_file/nothing)s<HOST> <no-such-tag> <F-USER>a</F-USER>
nothing = x
[DEFAULT]
nothing = y
[Init?family=inet6]
start = six
""",
    "jail.d/10.conf": "[DEFAULT]\nours = 8\n[layers]\nfilter = layered\nmaxretry = 3\nbantime = 1h\n",
    "jail.d/20.conf": "[layers]\nmaxretry = 4\nfindtime = %(known/findtime)s\n",
    "jail.d/10.local": "[layers]\nfindtime = 3h\n[times]\nfindtime = 2h\n",
    "jail.local": "[layers]\nmaxretry = %(ours)s\nfindtime = 2h\n[INCLUDES]\nafter = more-jails.conf\n",
    "more-jails.conf": "[layers]\nbantime = 2h\n[more]\nfilter = layered[whose=jail, who='%(ours)s']\n",
    "more-jails.local": "[more]\nfailregex = %(known/failregex)s\n  ^jail <whose> <HOST>\n",
}
OWN_JAILS = r"""
[DEFAULT]
enabled = true
logpath = /var/log/own.log
filter = own
maxretry = 5
findtime = 10m
bantime = 10m
usedns = warn
port = 0:65535
protocol = tcp
banaction = nftables
action = %(banaction)s[port="%(port)s", protocol="%(protocol)s"]
ours = 7

[plain]
[modes]
filter = own[mode=two, who="a, b"][inner='x=y']
[lists]
logpath = /var/log/c.log tail
          # a comment
          /var/log/d*.log head
ignoreip = 192.0.2.0/24, 2001:db8::1
           198.51.100.7
; another comment
[times]
findtime = 1h 30m
bantime = -1
maxretry = %(ours)s
[more-times]
findtime = 1d12h
bantime = 1mo
[known]
failregex = %(known/failregex)s
            ^more <HOST>
ignoreregex =
[replaced]
failregex = ^mine <HOST> 50%% <F-USER>\S+</F-USER>
datepattern = %%d/%%b/%%Y
usedns = no
journalmatch = _UID=0
[grows]
bantime.increment = true
bantime.factor = 2.0 / 2.885385
bantime.formula = ban.Time * math.exp(float(ban.Count+1)*banFactor)/math.exp(1*banFactor)
bantime.maxtime = 5w
bantime.rndtime = 2048
bantime.overalljails = yes
[multiplied]
bantime.increment = true
bantime.multipliers = 1 5 30 60 300 720 1440 2880
[zoned]
logtimezone = UTC+0200
logencoding = utf-8
ignoreself = false
[asks]
ignorecommand = %(fail2ban_confpath)s/filter.d/ignorecommands/apache-fakegooglebot "<ip>" 'a b'
ignorecache = key="<ip>", max-count=7, max-time=1h
[asks-with-defaults]
ignorecache = key="<ip>"
[two-filters]
filter = own-two
[said]
usedns = warn
filter = own-two[failregex="^given <HOST>"]
[defaults]
port = %(default/ours)s1
[all-ports]
banaction = nftables-allports
[several]
action = %(default/action)s iptables[port="imap, pop3", protocol=udp]
         iptables-multiport[name=x, port="1000:2000"][port="3000:4000"]
[mails]
action = %(banaction)s[port="%(port)s", protocol="%(protocol)s"]
         sendmail-whois[name=x, dest="a@b"]
         sendmail[dest=x] dummy
[sections]
filter = sections
[sections-journal]
filter = sections
backend = systemd
journalmatch = _UID=0
[sections-short]
filter = sections[logtype=file]
[journal]
backend = systemd
[journal-there]
backend = systemd[journalflags=1]
[polled]
backend = polling
[CamelCase]
FindTime: 3m
"""


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def copy_config(tree, folder):
    shutil.copytree(os.path.join(tree, "etc/fail2ban"), folder)
    shutil.rmtree(os.path.join(folder, "jail.d"))
    return folder


def make_whole(tree, folder):
    copy_config(tree, folder)
    write(os.path.join(folder, "jail.local"), "[DEFAULT]\nenabled = true\n")


def make_own(tree, folder):
    copy_config(tree, folder)
    write(os.path.join(folder, "jail.conf"), OWN_JAILS)
    for name, text in OWN_FILES.items():
        os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
        write(os.path.join(folder, name), text)


def option_sets(tree, name):
    """The options that fail2ban's own tests give a filter."""
    path = os.path.join(tree, LIBRARY, "fail2ban/tests/files/logs", name)
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            match = re.match(r"^#+ ?(?:file|filter)Options:(.+)$", line)
            if match:
                value = json.loads(match[1])
                for options in value if isinstance(value, list) else [value]:
                    yield {k: v for k, v in options.items() if not k.startswith("test.")}


def variants(tree, path):
    """Every way in which a filter is tried: its parameters, and the jail's backend."""
    with open(path, encoding="utf-8") as file:
        modes = re.findall(r"^(?:mdre|cmnfailre|mdpr)-([\w-]+)", file.read(), re.M)
    name = os.path.basename(path)[: -len(".conf")]
    sets = [{}] + list(option_sets(tree, name)) + [{"mode": m} for m in modes]
    sets += [{"logtype": t} for t in ("file", "short", "journal", "rfc5424")]
    seen = []
    for options in sets:
        if options not in seen:
            seen.append(options)
            yield name, options, "auto"
    yield name, {}, "systemd"


def make_filters(tree, folder):
    copy_config(tree, folder)
    jails = ["[DEFAULT]\nenabled = true\nlogpath = /x\nmaxretry = 5\nfindtime = 10m\nbantime = 10m\n"
             "usedns = warn\naction = nftables-allports[protocol=tcp]\n"]
    names = {}
    for path in sorted(glob.glob(os.path.join(folder, "filter.d/*.conf"))):
        if path.endswith("common.conf"):
            continue
        for name, options, backend in variants(tree, path):
            jail = "f%d" % len(jails)
            given = "".join('[%s="%s"]' % item for item in options.items())
            names[jail] = "%s%s %s" % (name, given, backend)
            jails.append("[%s]\nfilter = %s%s\nbackend = %s\n" % (jail, name, given, backend))
    write(os.path.join(folder, "jail.conf"), "\n".join(jails))
    return names


class Theirs:
    """What fail2ban-client -d says."""

    def __init__(self, tree, folder):
        environment = dict(os.environ, PYTHONPATH=os.path.join(tree, LIBRARY), LC_ALL="C.UTF-8",
                           PYTHONDONTWRITEBYTECODE="1")
        run = subprocess.run([sys.executable, "-c", CLIENT, "-c", folder, "-d"], env=environment,
                             capture_output=True, encoding="utf-8", check=False)
        self.jails, self.errors = {}, []
        for line in run.stdout.splitlines():
            if line.startswith("["):
                self.take(ast.literal_eval(line))
        if not self.jails:
            raise SystemExit("fail2ban-client -d says nothing of %s:\n%s" % (folder, run.stderr))

    def take(self, command):
        verb, jail, *rest = command
        if verb == "config-error":
            self.errors.append(jail)
        elif verb == "add":
            self.jails[jail] = {"backend": rest[0], "actions": {}}
        elif jail in self.jails and verb == "multi-set" and rest[0] == "action":
            self.jails[jail]["actions"][rest[1]] = dict(rest[2])
        elif jail in self.jails and verb == "set" and rest[0] == "action":
            self.jails[jail]["actions"][rest[1]] = {rest[2]: rest[3]}
        elif jail in self.jails and rest and rest[0] == "addaction":
            self.jails[jail]["actions"].setdefault(rest[1], {})
        elif jail in self.jails and verb == "multi-set":
            self.jails[jail].setdefault(rest[0], []).extend([v] for v in rest[1])
        elif jail in self.jails and rest and rest[0].startswith("add"):
            self.jails[jail].setdefault(rest[0], []).append(rest[1:])
        elif jail in self.jails and rest:
            self.jails[jail][rest[0]] = rest[1]


class Ours:
    """What tailban check --dump says."""

    def __init__(self, tailban, folder):
        dump = subprocess.run([tailban, "check", "--dump", "-c", folder], capture_output=True,
                              encoding="utf-8", check=False)
        check = subprocess.run([tailban, "check", "--json", "-c", folder], capture_output=True,
                               encoding="utf-8", check=False)
        self.jails, self.broken = {}, set()
        self.problems = [json.loads(line) for line in check.stdout.splitlines()]
        jail, option, broken = None, None, False
        for line in dump.stdout.splitlines():
            if line.startswith("    "):
                jail[option].append(line[4:].replace("%%", "%"))
            elif line.startswith("# "):
                broken = line.endswith("has errors, and is not used")
            elif line.startswith("["):
                jail = self.jails.setdefault(line[1:-1], {})
                self.broken.update([line[1:-1]] if broken else [])
            elif line:
                option, _, value = line.partition(" =")
                jail[option] = [value[1:].replace("%%", "%")]

    def left_out(self, jail):
        """The actions of which check says that there is nothing for them here."""
        found = (re.match(r"jail '(.*)': action '(.*)' has no counterpart", p["text"])
                 for p in self.problems)
        return {m[2] for m in found if m and m[1] == jail}


def words(lines):
    """Several journalmatches as one: a new line is an alternative."""
    return shlex.split(" + ".join(line for line in lines if line.strip()))


def net(text):
    return str(ipaddress.ip_network(text, strict=False))


def port_number(text):
    if text.isdigit():
        return int(text)
    return RETIRED_SERVICES.get(text) or socket.getservbyname(text)


def port_set(ports, protocols):
    """{(protocol, from, to)}; all ports are all ports, however they are written."""
    found = set()
    for word in re.split(r"[,\s]+", ports.strip()):
        word, _, own = word.partition("/")
        first, _, last = word.partition(":")
        bounds = (0, 65535) if word == "all" else (port_number(first), port_number(last or first))
        protocols_of = own or protocols
        for protocol in ("tcp", "udp") if "all" in protocols_of else re.split(r"[,\s]+", protocols_of):
            found.add((protocol, *bounds))
    return without_needless(found)


def without_needless(found):
    for protocol in ("tcp", "udp"):
        if (protocol, 0, 65535) in found:
            found = {p for p in found if p[0] != protocol} | {(protocol, 0, 65535)}
    return found


def their_ports(actions):
    found = set()
    for name, options in actions.items():
        name = options.get("actname", name)
        if not re.match(BANS, name):
            continue
        everything = re.match(ALL_PORTS, name) or options.get("type") == "allports"
        found |= port_set("all" if everything else options.get("port", "all"),
                          options.get("protocol", "tcp"))
    return without_needless(found)


def regexes(commands):
    return [line for command in commands for value in command for line in value.split("\n") if line]


class Comparison:
    """Of one folder."""

    def __init__(self, tree, tailban, name, folder, titles=None):
        # For what their times mean.
        from fail2ban.server.mytime import MyTime
        self.seconds = MyTime.str2seconds
        self.name, self.titles = name, titles or {}
        self.theirs, self.ours = Theirs(tree, folder), Ours(tailban, folder)
        self.compared = self.known = self.loaded = 0
        self.differences = []

    def rows(self, jail, theirs, ours):
        """(option, theirs, ours) in a form that is the same where they mean the same."""
        line = lambda key, fallback="": "\n".join(ours.get(key, [fallback]))
        backend = {"polling": "inotify", "pyinotify": "inotify"}
        backend = backend.get(theirs["backend"], theirs["backend"].split("[")[0])
        yield "backend", backend, line("backend").split("[")[0]
        # No name is looked up here, so that warn and raw differ from yes in nothing.
        yield "usedns", "no" if theirs.get("usedns", "warn") == "no" else "yes", line("usedns")
        for key in ("prefregex", "datepattern", "logtimezone", "logencoding", "bantime.factor",
                    "bantime.formula"):
            if key in theirs:
                yield key, str(theirs[key]), line(key)
        yield "maxlines", int(theirs.get("maxlines", 1)), int(line("maxlines", "1"))
        yield "maxretry", int(theirs["maxretry"]), int(line("maxretry"))
        for key in ("findtime", "bantime", "bantime.maxtime", "bantime.rndtime"):
            if key in theirs:
                yield key, self.seconds(theirs[key]), self.seconds(line(key))
        for key in ("ignoreself", "bantime.increment", "bantime.overalljails"):
            if key in theirs:
                yield key, str(theirs[key]).lower(), line(key)
        for key in ("failregex", "ignoreregex"):
            yield key, regexes(theirs.get("add" + key, [])), [r for r in ours.get(key, []) if r]
        matches = [shlex.join(m).replace("'+'", "+") for m in theirs.get("addjournalmatch", [])]
        yield "journalmatch", words(matches), words(ours.get("journalmatch", []))
        if not theirs["backend"].startswith("systemd"):
            yield "logpath", [p[0] for p in theirs.get("addlogpath", [])], ours["logpath"]
        nets = sorted(map(net, theirs.get("addignoreip", [[]])[0]))
        yield "ignoreip", nets, sorted(map(net, line("ignoreip").split()))
        command = shlex.split(theirs.get("ignorecommand", ""))
        yield "ignorecommand", command, shlex.split(line("ignorecommand"))
        if "ignorecache" in theirs:
            yield "ignorecache", self.cache(theirs["ignorecache"]), self.cache(line("ignorecache"))
        if "bantime.multipliers" in theirs:
            multipliers = theirs["bantime.multipliers"].split()
            yield "bantime.multipliers", multipliers, line("bantime.multipliers").split()
        yield "ports", their_ports(theirs["actions"]), port_set(line("port"), line("protocol"))
        # They add the name that an action was given.
        names = {options.get("actname", name).removesuffix("-" + options.get("name", ""))
                 for name, options in theirs["actions"].items()}
        left_out = {n for n in names if not re.match(BANS, n)}
        yield "actions left out", left_out, self.ours.left_out(jail)

    def cache(self, text):
        found = dict(re.findall(r"""([\w-]+)=["']?([^"',]*)""", text))
        time = self.seconds(found.get("max-time", 300))
        return found.get("key"), int(found.get("max-count", 100)), time

    def title(self, jail):
        return self.titles.get(jail, jail)

    def is_known(self, jail, option):
        names = (self.name, self.title(jail), option)
        return any(all(map(re.fullmatch, known[:3], names)) for known in KNOWN)

    def note(self, jail, option, text):
        if self.is_known(jail, option):
            self.known += 1
        else:
            self.differences.append(": ".join((self.name, self.title(jail), option, text)))

    def check_complete(self, jail, theirs, seen):
        """Whatever they say is compared, or stands in NOT_COMPARED."""
        for key in theirs:
            if not {key, key.removeprefix("add")} & {*seen, *NOT_COMPARED, "actions"}:
                self.note(jail, key, "is not compared")

    def compare_jail(self, jail):
        theirs, ours = self.theirs.jails[jail], self.ours.jails.get(jail)
        if ours is None:
            self.note(jail, "jail", "is not there")
            return
        self.loaded += jail not in self.ours.broken
        if jail in self.ours.broken:
            journal = theirs["backend"].startswith("systemd") and "addjournalmatch" not in theirs
            self.note(jail, "loads without journalmatch" if journal else "loads", "has errors")
        seen = set()
        for option, a, b in self.rows(jail, theirs, ours):
            seen.add(option)
            self.compared += 1
            if a != b:
                self.note(jail, option, "theirs\n    %s\n  ours\n    %s" % (a, b))
        self.check_complete(jail, theirs, seen)

    def run(self):
        for text in self.theirs.errors:
            self.differences.append("%s: fail2ban: %s" % (self.name, text))
        for jail in self.theirs.jails:
            self.compare_jail(jail)
        for jail in set(self.ours.jails) - set(self.theirs.jails) - {"tailban"}:
            self.note(jail, "jail", "is not theirs")
        print(*self.differences, sep="\n", end="\n" if self.differences else "")
        print("%s: %d of %d jails loaded, %d options compared, %d differences, %d on purpose" % (
            self.name, self.loaded, len(self.theirs.jails), self.compared, len(self.differences),
            self.known))
        return len(self.differences)


def print_filters(titles, broken):
    """How many filters load with every set of options; from the journal those need a journalmatch."""
    name = lambda jail: re.match(r"[^\[ ]+", titles[jail])[0]
    failed = {name(jail) for jail in broken if not titles[jail].endswith(" systemd")}
    filters = {name(jail) for jail in titles}
    print("filters: %d of %d loaded" % (len(filters - failed), len(filters)))


def main():
    tailban, unpack, work = sys.argv[1:]
    run = subprocess.run([unpack, work], stdout=subprocess.PIPE, encoding="utf-8", check=False)
    if run.returncode == SKIPPED:
        return SKIPPED
    run.check_returncode()
    tree = run.stdout.strip()
    sys.dont_write_bytecode = True
    sys.path.insert(0, os.path.join(tree, LIBRARY))
    with tempfile.TemporaryDirectory() as temp:
        temp = os.path.realpath(temp)
        folders = {name: os.path.join(temp, name) for name in ("whole", "own", "filters")}
        make_whole(tree, folders["whole"])
        make_own(tree, folders["own"])
        titles = make_filters(tree, folders["filters"])
        comparisons = [Comparison(tree, tailban, name, folder, titles if name == "filters" else None)
                       for name, folder in folders.items()]
        differences = sum(c.run() for c in comparisons)
        print_filters(titles, comparisons[-1].ours.broken)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
