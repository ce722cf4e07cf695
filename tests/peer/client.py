#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether tailban answers as fail2ban-client does: client.py BUILD UNPACK WORK

fail2ban's server from the unpacked package and tailband run side by side, in a network namespace, on
the same configuration and the same log. The same commands are given to both clients; their answers and
exit codes must be the same but for the time of day. Standard error is for people, and not compared.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SKIPPED = 77
DEADLINE = 30
FILES = {
    "fail2ban.conf": "[Definition]\nloglevel = INFO\nlogtarget = {dir}/fail2ban.log\n"
                     "syslogsocket = auto\nsocket = {dir}/fail2ban.sock\npidfile = {dir}/fail2ban.pid\n"
                     "dbfile = None\ndbmaxmatches = 10\ndbpurgeage = 1d\n",
    # One that does nothing: the kernel is not what is compared.
    "action.d/nftables.conf": "[Definition]\nactionban =\nactionunban =\n",
    "filter.d/door.conf": "[Definition]\nfailregex = ^ \\S+ doord\\[\\d+\\]: failed from <HOST>$\n",
    "jail.conf": "[DEFAULT]\nenabled = true\nfilter = door\nlogpath = {dir}/door.log\nbackend = polling\n"
                 "usedns = no\nignorecommand =\naction = nftables\nignoreself = true\nmaxretry = 3\nfindtime = 1h\nbantime = 2h\n"
                 "[auth]\n[door]\nignoreip = 192.0.2.0/24 198.51.100.1\nmaxretry = 100\nbantime = -1\n",
}
STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
COMMANDS = """
ping
status auth
status door short
status nosuch
banned
banned 203.0.113.7
banned 203.0.113.7 192.0.2.1
get auth banip
get auth banip --with-time
get auth banned
get auth banned 203.0.113.7
get auth banned 203.0.113.7 192.0.2.1
get door banip
set door banip 203.0.113.9 203.0.113.10
set door banip 203.0.113.9
set nosuch banip 203.0.113.9
get door banip ,
get door banip --with-time
set door unbanip 203.0.113.9
set door unbanip 203.0.113.9
set door unbanip --report-absent 203.0.113.9
set nosuch unbanip 203.0.113.9
unban 203.0.113.10 192.0.2.77
unban
get door bantime
get auth bantime
get auth findtime
get auth maxretry
get auth maxlines
get auth usedns
get auth ignoreip
get auth ignoreself
get auth ignorecommand
get auth logpath
get auth ignoreregex
get auth prefregex
get auth journalmatch
get auth datepattern
get auth nonsense
get nosuch bantime
get auth
get
set auth
nonsense
echo one two
--str2sec 1d12h
-t
reload
reload auth
unban --all
unban --all
banned
"""


class Peers:
    def __init__(self, build, tree):
        self.dir = tempfile.mkdtemp(prefix="tailban-peer-")
        self.env = {**os.environ, "TZ": "UTC", "PYTHONDONTWRITEBYTECODE": "1",
                    "PYTHONPATH": tree + "/usr/lib/python3/dist-packages"}
        for name, text in FILES.items():
            path = os.path.join(self.dir, "etc", name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace("{dir}", self.dir))
        open(self.path("door.log"), "w", encoding="utf-8").close()
        os.symlink(build + "/tailban", self.path("fail2ban-client"))
        etc = self.path("etc")
        self.clients = {
            "fail2ban": [sys.executable, tree + "/usr/bin/fail2ban-client", "-c", etc,
                         "-s", self.path("fail2ban.sock"), "-p", self.path("fail2ban.pid")],
            "tailban": [self.path("fail2ban-client"), "-c", etc, "-s", self.path("run/control.sock")],
        }
        self.servers = [
            self.start([sys.executable, tree + "/usr/bin/fail2ban-server", *self.clients["fail2ban"][2:],
                        "-f"]),
            self.start([build + "/tailband", "-c", etc, "--state", self.path("state"),
                        "--run", self.path("run")]),
        ]

    def path(self, name):
        return os.path.join(self.dir, name)

    def start(self, argv):
        with open(self.path("servers.log"), "a", encoding="utf-8") as log:
            return subprocess.Popen(argv, env=self.env, stdout=log, stderr=log)

    def ask(self, who, words):
        done = subprocess.run(self.clients[who] + words, env=self.env, capture_output=True,
                              encoding="utf-8", timeout=DEADLINE, check=False)
        return STAMP.sub("TIME", done.stdout), done.returncode

    def wait(self, words, wanted):
        """Until both say what is wanted."""
        end = time.monotonic() + DEADLINE
        for who in self.clients:
            while wanted not in self.ask(who, words)[0]:
                if time.monotonic() > end:
                    with open(self.path("servers.log"), encoding="utf-8") as log:
                        print(log.read())
                    raise TimeoutError(f"{who} does not come to say {wanted}")
                time.sleep(0.05)

    def close(self):
        for server in self.servers:
            server.send_signal(signal.SIGTERM)
        for server in self.servers:
            try:
                server.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                server.kill()
        shutil.rmtree(self.dir)


def compare(peers):
    different = 0
    commands = [line.split() for line in COMMANDS.strip().splitlines()]
    for words in commands:
        theirs, ours = (peers.ask(who, words) for who in ("fail2ban", "tailban"))
        # A host that is banned stays among those that are watched.
        theirs, ours = ((re.sub(r"(Currently failed:\t)\d+", r"\1N", text), code)
                        for text, code in (theirs, ours))
        # Bans by hand have a jail of their own.
        ours = (ours[0].replace(", {'manual': []}", ""), ours[1])
        if theirs != ours:
            different += 1
            print(f"$ {' '.join(words)}\n  fail2ban: {theirs}\n  tailban:  {ours}")
    print(f"{len(commands)} commands, {different} answered differently")
    return different


def main():
    build, unpack, work = map(os.path.abspath, sys.argv[1:])
    done = subprocess.run(["sh", unpack, work], stdout=subprocess.PIPE, encoding="utf-8", check=False)
    if done.returncode:
        return done.returncode
    if not os.environ.get("TAILBAN_TEST_INSIDE"):
        if subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode:
            print("no user namespaces here")
            return SKIPPED
        os.environ["TAILBAN_TEST_INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "-rn", sys.executable, *sys.argv])
    peers = Peers(build, done.stdout.strip())
    try:
        peers.wait(["ping"], "pong")
        with open(peers.path("door.log"), "a", encoding="utf-8") as log:
            log.write(time.strftime("%Y-%m-%dT%H:%M:%SZ mail doord[7]: failed from 203.0.113.7\n",
                                    time.gmtime()) * 3)
        peers.wait(["status", "auth"], "203.0.113.7")
        peers.wait(["status", "door"], "Total failed:\t3")
        return 1 if compare(peers) else 0
    finally:
        peers.close()


if __name__ == "__main__":
    sys.exit(main())
