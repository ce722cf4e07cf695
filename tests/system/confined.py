# SPDX-License-Identifier: GPL-2.0-or-later
"""tailband as its unit starts it: it has no capability to begin with, and may not call capset(2). And
where the system grants it no turns of its own."""
import ctypes
import errno
import platform
import struct
import unittest

from rig import Case, main

CAPSET, SCHED_SETATTR = {'x86_64': (126, 314), 'aarch64': (91, 274)}.get(platform.machine(), (None, None))

PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP = 24, 38, 22
SECCOMP_MODE_FILTER, SECCOMP_RET_ERRNO, SECCOMP_RET_ALLOW = 2, 0x00050000, 0x7fff0000
LOAD_WORD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06

libc = ctypes.CDLL(None)


class Program(ctypes.Structure):
    _fields_ = [('length', ctypes.c_ushort), ('filter', ctypes.c_char_p)]


def refuse(number, error):
    steps = [(LOAD_WORD, 0, 0, 0), (JUMP_IF_EQUAL, 0, 1, number),
             (RETURN, 0, 0, SECCOMP_RET_ERRNO | error), (RETURN, 0, 0, SECCOMP_RET_ALLOW)]
    code = b''.join(struct.pack('HBBI', *step) for step in steps)
    assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    assert libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER,
                      ctypes.byref(Program(len(steps), code))) == 0


def confine():
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    refuse(CAPSET, errno.EPERM)


@unittest.skipUnless(CAPSET, 'the number of capset(2) is not known here')
class Confined(Case):
    def test_bans(self):
        self.rig.jail()
        self.rig.start_enforcer()
        self.rig.start(confine=confine)
        self.rig.hit('203.0.113.7', 3)
        self.rig.wait_kernel(['203.0.113.7/32'])

    def test_ordinary_turns(self):
        """As on a kernel that does not know of them: nothing is said of it."""
        self.rig.jail()
        self.rig.start(confine=lambda: refuse(SCHED_SETATTR, errno.ENOSYS))
        self.rig.hit('203.0.113.7', 3)
        self.rig.wait_kernel(['203.0.113.7/32'])
        self.assertEqual([l for l in self.rig.read_log() if l.startswith('tailband: ')],
                         ['tailband: bans are enforced\n', 'tailband: NOTICE  [j] Ban 203.0.113.7\n'])


if __name__ == '__main__':
    main()
