# SPDX-License-Identifier: GPL-2.0-or-later
"""What Postfix 3.7 and Dovecot 2.3 log of a connection, as rsyslog writes it with full stamps.

Dovecot says what became of a login only when the connection ends. Postfix says each rejected
password at once, and the HELO name only where it rejects a recipient, or a client that talks too
early."""
from botnet.log import SECOND, stamp
from botnet.names import DOMAIN, letters

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+"
PROGRAMS = {"smtp": "postfix/smtpd", "submission": "postfix/submission/smtpd"}
LOGINS = {"imap": "imap-login", "pop3": "pop3-login"}
HARMLESS = ("connect from", "lost connection after AUTH", "lost connection after RCPT")
DELAY = 2  # seconds that both wait before they reject a password


class Unix:
    def __init__(self, log, rng):
        self.log, self.rng = log, rng
        self.connections = 0

    def _number(self):
        self.connections += 1
        return 2000 + self.connections % 4_000_000

    def _log(self, when, client, door, text, offence):
        second, fraction = divmod(when, SECOND)
        date = stamp(second, "%Y-%m-%dT%H:%M:%S")
        line = f"{date}.{fraction:06}+00:00 mail {text}\n"
        self.log.say(when, client, door, line, offence)

    def _smtp(self, client, door, start):
        """say(seconds after the start, what a smtpd says): one process, one client at a time."""
        process = f"{PROGRAMS[door]}[{self._number()}]: "

        def say(after, text):
            when = start + int(after * SECOND)
            self._log(when, client, door, process + text, not text.startswith(HARMLESS))
            return when

        who = self.log.clients[client]
        return say, f"{who.reverse}[{who.text}]"

    def _dovecot(self, client, door, when, what, user, tail=""):
        address = self.log.clients[client].text
        lip = "2001:db8:25::10" if ":" in address else "192.0.2.10"
        session = letters(self.rng, 16, ALPHABET)
        self._log(when, client, door, f"dovecot: {LOGINS[door]}: {what}: user=<{user}>, "
                  f"method=PLAIN, rip={address}, lip={lip}, {tail}TLS, session=<{session}>",
                  what != "Login")

    def guess(self, client, door, start, users, name, early=False, password=None):
        """A wrong password for each user, in one connection. These logs do not show which."""
        if door in LOGINS:
            return self._guess_dovecot(client, door, start, users)
        say, who = self._smtp(client, door, start)
        say(0, f"connect from {who}")
        after = 0.04 + self.rng.random() / 4
        if early:
            self.log.tell(say(0.02, f"improper command pipelining after CONNECT from {who}: "
                                    f"EHLO {name}\\r\\n"), client)
        for user in users:
            after += DELAY + self.rng.random() / 2
            when = say(after, f"warning: {who}: SASL LOGIN authentication failed: "
                              f"(reason unavailable), sasl_username={user}")
            self.log.attempt(when, client, door, False)
        say(after + 0.001, f"lost connection after AUTH from {who}")
        n = len(users)
        say(after + 0.002, f"disconnect from {who} ehlo=1 auth=0/{n} commands=1/{1 + n}")

    def _guess_dovecot(self, client, door, start, users):
        seconds = DELAY * len(users)
        when = start + seconds * SECOND + self.rng.randrange(SECOND)
        for _ in users:
            self.log.attempt(when, client, door, False)
        self._dovecot(client, door, when, f"Disconnected: Connection closed (auth failed, "
                      f"{len(users)} attempts in {seconds} secs)", users[-1])

    def login(self, client, door, start, user, name):
        """The right password; by submission, and a mail."""
        if door in LOGINS:
            self.log.attempt(start, client, door, True)
            self._dovecot(client, door, start, "Login", user, f"mpid={self._number()}, ")
            return
        say, who = self._smtp(client, door, start)
        say(0, f"connect from {who}")
        when = say(0.3, f"{self._queue()}: client={who}, sasl_method=PLAIN, sasl_username={user}")
        self.log.attempt(when, client, door, True)
        say(0.6, f"disconnect from {who} ehlo=2 starttls=1 auth=1 mail=1 rcpt=1 data=1 quit=1 "
                 "commands=8")

    def _queue(self):
        return letters(self.rng, 11, "0123456789ABCDEF")

    def reject(self, client, start, name, user):
        """A mail that is rejected: for a HELO name without a dot, else as it is to be relayed."""
        say, who = self._smtp(client, "smtp", start)
        say(0, f"connect from {who}")
        if "." in name:
            to = f"{user}@elsewhere.test"
            why = f"554 5.7.1 <{to}>: Relay access denied"
        else:
            to = f"{user}@{DOMAIN}"
            why = f"504 5.5.2 <{name}>: Helo command rejected: need fully-qualified hostname"
        when = say(0.4, f"NOQUEUE: reject: RCPT from {who}: {why}; from=<info@sender.example.net> "
                        f"to=<{to}> proto=ESMTP helo=<{name}>")
        if self.log.is_bot(client):
            self.log.attempt(when, client, "smtp", False)
        say(0.5, f"lost connection after RCPT from {who}")
        say(0.5, f"disconnect from {who} ehlo=1 mail=1 rcpt=0/1 commands=2/3")

    def deliver(self, client, start, unknown, name):
        """Another server's mail, to one who is here and so many who are not any more."""
        say, who = self._smtp(client, "smtp", start)
        say(0, f"connect from {who}")
        for i in range(unknown):
            to = f"{letters(self.rng, 6)}@{DOMAIN}"
            say(0.2 + i / 100, f"NOQUEUE: reject: RCPT from {who}: 550 5.1.1 <{to}>: Recipient "
                "address rejected: User unknown in virtual mailbox table; "
                f"from=<list-owner@lists.example> to=<{to}> proto=ESMTP helo=<{name}>")
        say(0.5, f"{self._queue()}: client={who}")
        counted = f"1/{1 + unknown}" if unknown else "1"
        commands = f"5/{5 + unknown}" if unknown else "5"
        say(0.9, f"disconnect from {who} ehlo=1 mail=1 rcpt={counted} data=1 quit=1 "
                 f"commands={commands}")

    def probe(self, client, start):
        """Is the server up?"""
        say, who = self._smtp(client, "smtp", start)
        say(0, f"connect from {who}")
        say(0.01, f"lost connection after CONNECT from {who}")
        say(0.01, f"disconnect from {who} commands=0/0")
