# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs run and measured: pinned to a core, bounded in time, ended by their ids."""
import contextlib
import os
import shlex
import signal
import statistics
import threading
import time

CORES = sorted(os.sched_getaffinity(0))
MEASURED, DRIVING = CORES[-1], CORES[0]
BOUND = 120  # seconds; whatever takes longer is ended
running = set()
told = []  # whom to tell each command


class TooLong(Exception):
    """A program was ended because its time was up."""


class Clock:
    """with Clock() as c: ...; c.seconds"""

    def __enter__(self):
        self.start, self.seconds = time.perf_counter(), None
        return self

    def __exit__(self, *_):
        self.seconds = time.perf_counter() - self.start


@contextlib.contextmanager
def pinned(core):
    """What is started inside runs on this core; None: on any."""
    before = os.sched_getaffinity(0)
    if core is not None:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def end_all():
    """Ends what is still running, which nothing should be."""
    for pid in list(running):
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        running.discard(pid)


def spawn(argv, *, core=MEASURED, stdin=os.devnull, stdout=os.devnull, stderr=os.devnull, env=None):
    """Starts a program, quicker than subprocess does; returns its pid."""
    argv = [str(a) for a in argv]
    for tell in told:
        tell(shlex.join(argv) + (f' < {stdin}' if stdin != os.devnull else ''))
    actions = [(os.POSIX_SPAWN_OPEN, 0, str(stdin), os.O_RDONLY, 0)]
    for fd, path in (1, stdout), (2, stderr):
        actions.append((os.POSIX_SPAWN_OPEN, fd, str(path),
                        os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644))
    with pinned(core):
        pid = os.posix_spawnp(argv[0], argv, {**os.environ, **(env or {})}, file_actions=actions)
    running.add(pid)
    return pid


def status(pid, key):
    """A number of /proc/PID/status; sizes are in KiB. None where there is no such process."""
    try:
        with open(f'/proc/{pid}/status', encoding='ascii', errors='replace') as f:
            for line in f:
                if line.startswith(key + ':'):
                    return int(line.split()[1])
    except (FileNotFoundError, ProcessLookupError):
        pass
    return None


def wakeups(pid):
    """How often a process, or a thread, has gone to sleep so far: once for each time it woke up."""
    return status(pid, 'voluntary_ctxt_switches') or 0


def cpu(pid):
    """Seconds that a process, with all its threads, has had a core so far."""
    with open(f'/proc/{pid}/stat', encoding='ascii', errors='replace') as f:
        fields = f.read().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


class Watcher(threading.Thread):
    """Looks at a process' peak of memory until it ends: rusage tells that of the one that started
    it, where that is larger."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.peak, self.over = pid, 0, threading.Event()

    def run(self):
        while not self.over.wait(.002):
            self.peak = max(self.peak, (status(self.pid, 'VmHWM') or 0) * 1024)


class Outcome:
    def __init__(self, seconds, code, usage, peak):
        self.seconds, self.code, self.peak = seconds, code, peak
        self.cpu = usage.ru_utime + usage.ru_stime


def run(argv, *, bound=BOUND, memory=False, **options):
    """Runs a program to its end. memory: its peak as well, at a small cost in time."""
    start = time.perf_counter()
    pid = spawn(argv, **options)
    guard = threading.Timer(bound, os.kill, (pid, signal.SIGKILL))
    guard.start()
    watcher = Watcher(pid)
    if memory:
        watcher.start()
    _, state, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - start
    running.discard(pid)
    guard.cancel()
    watcher.over.set()
    if seconds > bound:
        raise TooLong(f'{shlex.join(map(str, argv))}: more than {bound} s')
    return Outcome(seconds, os.waitstatus_to_exitcode(state), usage, watcher.peak)


def wait_for(condition, what, bound=BOUND, pause=.0005):
    """Until the condition holds; returns what it gave."""
    end = time.monotonic() + bound
    while not (result := condition()):
        if time.monotonic() > end:
            raise TooLong(f'no {what} within {bound} s')
        time.sleep(pause)
    return result


def stop(pid, bound=BOUND):
    """SIGTERM, and waits for the end; returns how the process ended."""
    os.kill(pid, signal.SIGTERM)
    guard = threading.Timer(bound, os.kill, (pid, signal.SIGKILL))
    guard.start()
    _, state = os.waitpid(pid, 0)
    guard.cancel()
    running.discard(pid)
    return os.waitstatus_to_exitcode(state)


def median(values):
    return statistics.median(values)


def share(values, part):
    """The value that so many of 1 stay within."""
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]
