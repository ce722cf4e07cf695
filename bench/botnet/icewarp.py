# SPDX-License-Identifier: GPL-2.0-or-later
"""What IceWarp logs of a connection: a transcript, with stamps of whole seconds. The HELO name
stands in it before any password. All services' logs are one here, with dates, as old versions wrote
them."""
import base64

from botnet.log import SECOND, stamp
from botnet.names import DOMAIN, letters, telling

PORTS = {"smtp": 25, "submission": 587, "imap": 143, "pop3": 110}
HARMLESS = (">>> 220", ">>> 250", ">>> 334", ">>> 235", ">>> +OK", ">>> * OK", "Connected", "***",
            "<<< AUTH", "<<< MAIL", "<<< RCPT", "<<< USER", "<<< PASS", "<<< DATA")
BAD = ">>> 535 5.7.8 Authentication credentials invalid"


def b64(text):
    return base64.b64encode(text.encode()).decode()


class IceWarp:
    def __init__(self, log, rng):
        self.log, self.rng = log, rng
        self.connections = 0

    def _session(self, client, door, start):
        """say(seconds after the start, a line of the transcript)"""
        self.connections += 1
        thread = self.connections % 0xFFFF
        address = self.log.clients[client].text

        def say(after, text):
            second = start // SECOND + int(after)
            date = stamp(second, "%a, %d %b %Y %H:%M:%S +0000")
            line = f"{address} [{thread:08X}] {date} {text}\r\n"
            self.log.say(second * SECOND, client, door, line, not text.startswith(HARMLESS))
            return second * SECOND

        say(0, f"Connected, local IP=192.0.2.10:{PORTS[door]}")
        return say

    def _greet(self, say, client, name):
        say(0, f">>> 220 mail.{DOMAIN} ESMTP IceWarp 11.4.6.0 x64")
        when = say(0, f"<<< EHLO {name}")
        if telling(name):
            self.log.tell(when, client)
        say(0, f">>> 250-mail.{DOMAIN} Hello {name} [{self.log.clients[client].text}], pleased to "
               "meet you.")

    def _ask(self, say, after, user, password):
        say(after, "<<< AUTH LOGIN")
        say(after, ">>> 334 VXNlcm5hbWU6")
        say(after + 1, f"<<< {b64(user)}")
        say(after + 1, ">>> 334 UGFzc3dvcmQ6")
        say(after + 1, f"<<< {b64(password)}")

    def guess(self, client, door, start, users, name, early=False, password=None):
        """A wrong password for each user, in one connection. Who has forgotten that he changed it
        has one that is always the same."""
        say = self._session(client, door, start)
        after = 0
        if door in ("smtp", "submission"):
            self._greet(say, client, name)
        else:
            self._greet_box(say, door)
        for user in users:
            tried = password or letters(self.rng, 8)
            if door in ("smtp", "submission"):
                self._ask(say, after + 1, user, tried)
                after, no = after + 1 + self.rng.choice((2, 3, 12)), BAD
            else:
                no = self._ask_box(say, door, after, user, tried, False)
                after += 2
            self.log.attempt(say(after, no), client, door, False)
        if door in ("smtp", "submission"):
            say(after, "*** <> <> 0 0 00:00:02 INCOMPLETE-SESSION ")
        say(after, "Disconnected")

    def _greet_box(self, say, door):
        hello = "+OK" if door == "pop3" else "* OK"
        say(0, f">>> {hello} mail.{DOMAIN} IceWarp 11.4.6.0 x64")

    def _ask_box(self, say, door, after, user, password, good):
        """Asks for a mailbox. Returns the server's answer."""
        if door == "imap":
            say(after, f'<<< A000 LOGIN "{user}" ***')
            return ">>> A000 OK LOGIN completed" if good else ">>> A000 NO LOGIN failed"
        say(after, f"<<< USER {user}")
        say(after, f">>> +OK {user}")
        say(after, f"<<< PASS {password}")
        return ">>> +OK 3 messages" if good else ">>> -ERR Unknown user or incorrect password"

    def login(self, client, door, start, user, name):
        say = self._session(client, door, start)
        if door in ("smtp", "submission"):
            self._greet(say, client, name)
            self._ask(say, 0, user, "Good-" + user)
            self.log.attempt(say(1, ">>> 235 2.0.0 Authentication successful"), client, door, True)
        else:
            self._greet_box(say, door)
            answer = self._ask_box(say, door, 0, user, "Good-" + user, True)
            self.log.attempt(say(0, answer), client, door, True)
        say(2, "Disconnected")

    def _mail(self, say, sender):
        say(1, f"<<< MAIL FROM:<{sender}>")
        say(1, f">>> 250 2.1.0 <{sender}>... Sender ok")

    def reject(self, client, start, name, user):
        """A mail that is to be relayed. An honest server's odd name is none of IceWarp's business:
        its mail is taken."""
        if not self.log.is_bot(client):
            self.deliver(client, start, 0, name)
            return
        say = self._session(client, "smtp", start)
        self._greet(say, client, name)
        self._mail(say, "info@sender.example.net")
        say(1, f"<<< RCPT TO:<{user}@elsewhere.test>")
        when = say(1, f">>> 550 5.7.1 <{user}@elsewhere.test> we do not relay "
                      "info@sender.example.net")
        self.log.attempt(when, client, "smtp", False)
        say(1, "*** <info@sender.example.net> <> 0 0 00:00:01 INCOMPLETE-SESSION ")
        say(1, "Disconnected")

    def deliver(self, client, start, unknown, name):
        say = self._session(client, "smtp", start)
        self._greet(say, client, name)
        self._mail(say, "list-owner@lists.example")
        for _ in range(unknown):
            to = f"{letters(self.rng, 6)}@{DOMAIN}"
            say(1, f"<<< RCPT TO:<{to}>")
            say(1, f">>> 550 5.1.1 <{to}> User unknown; rejecting")
        say(1, f"<<< RCPT TO:<info@{DOMAIN}>")
        say(1, f">>> 250 2.1.5 <info@{DOMAIN}>... Recipient ok")
        say(1, "<<< DATA")
        say(2, f"*** <list-owner@lists.example> <info@{DOMAIN}> 1 2804 00:00:01 OK ABC12345")
        say(2, ">>> 250 2.6.0 2804 bytes received in 00:00:01; Message id ABC12345 accepted for "
               "delivery")
        say(2, "Disconnected")

    def probe(self, client, start):
        say = self._session(client, "smtp", start)
        say(0, f">>> 220 mail.{DOMAIN} ESMTP IceWarp 11.4.6.0 x64")
        say(0, "Disconnected")
