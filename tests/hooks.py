# SPDX-License-Identifier: GPL-2.0-or-later
"""The shipped hooks, run as tailband runs them: hooks.py FOLDER"""
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import unittest

HOOKS = os.path.abspath(sys.argv.pop(1))
FACTS = {
    'EVENT': 'ban', 'JAIL': 'postfix-auth', 'NET': '203.0.113.7/32', 'ADDRESS': '203.0.113.7',
    'SINCE': '2026-02-28T06:08:03Z', 'UNTIL': '2026-03-07T06:08:03Z', 'HITS': '5', 'HOSTS': '1',
    'REASON': 'host', 'NAME': '', 'USER': 'a "b" $(c) `d` \\ü',
}
EVIDENCE = 'first line of the log\n.\nuser=<\xff> last\n'.encode('latin-1')


class Hooks(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='tailban-test-')
        self.addCleanup(folder.cleanup)
        self.dir = folder.name
        self.env = {'PATH': os.environ['PATH'], 'DIR': self.dir, 'no_proxy': '*',
                    **{'TAILBAN_' + k: v for k, v in FACTS.items()}}

    def path(self, name):
        return os.path.join(self.dir, name)

    def run_hook(self, *argv, env=None):
        return subprocess.run([os.path.join(HOOKS, argv[0]), *argv[1:]], input=EVIDENCE,
                              env={**self.env, **(env or {})}, capture_output=True, timeout=60)

    def program(self, name, text):
        with open(self.path(name), 'w') as f:
            f.write('#!/bin/sh\n' + text)
        os.chmod(self.path(name), 0o755)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), 'rb') as f:
            return f.read()

    def sendmail(self):
        return {'TAILBAN_SENDMAIL': self.program(
            'sendmail', 'echo "$@" >>"$DIR/arguments"; cat >>"$DIR/mail"\n')}

    def test_mail(self):
        out = self.run_hook('mail', 'root', 'you@example.org', env=self.sendmail())
        self.assertEqual((out.returncode, out.stderr), (0, b''))
        self.assertEqual(self.read('arguments'), b'-i -- root you@example.org\n')
        head, body = self.read('mail').decode('utf-8', 'replace').split('\n\n', 1)
        self.assertIn('To: root, you@example.org\n', head)
        self.assertIn(f'Subject: [tailban] postfix-auth: ban of 203.0.113.7/32 on {os.uname()[1]}\n',
                      head)
        self.assertIn(f'user:    {FACTS["USER"]}\n', body)
        self.assertIn('until:   2026-03-07T06:08:03Z\n', body)
        self.assertIn('\n  first line of the log\n  .\n  user=<', body)

    def test_mail_fails(self):
        self.assertEqual(self.run_hook('mail').returncode, 2)
        failing = self.program('failing', 'exit 75\n')
        self.assertNotEqual(self.run_hook('mail', 'x', env={'TAILBAN_SENDMAIL': failing}).returncode, 0)
        missing = {'TAILBAN_SENDMAIL': '/nonexistent'}
        self.assertNotEqual(self.run_hook('mail', 'x', env=missing).returncode, 0)

    def serve(self, status):
        requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                requests.append((self.headers, json.loads(body)))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_):
                pass

        server = http.server.HTTPServer(('127.0.0.1', 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        return f'http://127.0.0.1:{server.server_port}/bans', requests

    def test_webhook(self):
        url, requests = self.serve(204)
        out = self.run_hook('webhook', url, env={'TAILBAN_WEBHOOK_TOKEN': 'secret'})
        self.assertEqual((out.returncode, out.stderr), (0, b''))
        [(headers, sent)] = requests
        self.assertEqual(headers['Authorization'], 'Bearer secret')
        self.assertEqual(headers['Content-Type'], 'application/json')
        self.assertEqual(sent, {
            'event': 'ban', 'jail': 'postfix-auth', 'net': '203.0.113.7/32',
            'address': '203.0.113.7', 'since': '2026-02-28T06:08:03Z',
            'until': '2026-03-07T06:08:03Z', 'hits': 5, 'hosts': 1, 'reason': 'host', 'name': None,
            'user': FACTS['USER'], 'host': os.uname()[1],
            'evidence': ['first line of the log', '.', 'user=<\ufffd> last']})
        self.run_hook('webhook', url, env={'TAILBAN_UNTIL': 'never', 'TAILBAN_NAME': 'helo:x'})
        self.assertIsNone(requests[1][1]['until'])
        self.assertEqual(requests[1][1]['name'], 'helo:x')
        self.assertNotIn('Authorization', requests[1][0])

    def test_webhook_fails(self):
        url, _ = self.serve(500)
        for argument in (url, 'http://127.0.0.1:1/', 'file:///etc/passwd'):
            out = self.run_hook('webhook', argument)
            self.assertEqual(out.returncode, 1, argument)
            self.assertNotIn(b'Traceback', out.stderr)

    def test_spool(self):
        """What comes out is what came in, in order; what fails stays."""
        for i in range(12):
            out = self.run_hook('spool', self.path('s'), env={'TAILBAN_HITS': str(i)})
            self.assertEqual((out.returncode, out.stderr), (0, b''))
        show = self.program('show', '[ "$TAILBAN_HITS" != 8 ] || [ -e "$DIR/may" ] || exit 1\n'
                            'printf "%s %s %s\\n" "$1" "$TAILBAN_HITS" "$TAILBAN_USER" >>"$DIR/out"\n'
                            'cat >"$DIR/evidence"\n')
        bare = {f'TAILBAN_{k}': '' for k in FACTS}
        self.assertNotEqual(self.run_hook('unspool', self.path('s'), show, 'a b', env=bare).returncode, 0)
        self.assertEqual(len(os.listdir(self.path('s'))), 4)
        self.program('may', '')
        self.assertEqual(self.run_hook('unspool', self.path('s'), show, 'a b', env=bare).returncode, 0)
        self.assertEqual(os.listdir(self.path('s')), [])
        self.assertEqual(self.read('out').decode(),
                         ''.join(f'a b {i} {FACTS["USER"]}\n' for i in range(12)))
        self.assertEqual(self.read('evidence'), EVIDENCE)
        self.assertEqual(self.run_hook('unspool', self.path('s'), show).returncode, 0)

    def test_spool_is_bounded(self):
        os.mkdir(self.path('s'))
        for i in range(1000):
            open(self.path(f's/{i}.ready'), 'w').close()
        out = self.run_hook('spool', self.path('s'))
        self.assertEqual(out.returncode, 1)
        self.assertIn(b'is full', out.stderr)
        self.assertEqual(len(os.listdir(self.path('s'))), 1000)

    def test_spool_takes_facts_only(self):
        os.mkdir(self.path('s'))
        with open(self.path('s/1.ready'), 'w') as f:
            f.write('PATH=/nonexistent\nTAILBAN_SENDMAIL=/bin/evil\nTAILBAN_JAIL=j\n\n')
        show = self.program('show', 'echo "$PATH $TAILBAN_SENDMAIL $TAILBAN_JAIL" >"$DIR/out"\n')
        self.assertEqual(self.run_hook('unspool', self.path('s'), show,
                                       env={'TAILBAN_SENDMAIL': 'ours'}).returncode, 0)
        self.assertEqual(self.read('out').decode(), f'{os.environ["PATH"]} ours j\n')


if __name__ == '__main__':
    unittest.main()
