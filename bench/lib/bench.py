# SPDX-License-Identifier: GPL-2.0-or-later
"""What every part is given: sizes, programs, logs, peers."""
import pathlib
import sys
import tempfile

from . import corpus, kernel, peers, process, tailban

FULL = 1_000_000  # lines; the goals are for this size
ROUNDS = 5


class Bench:
    def __init__(self, options):
        self.lines, self.rounds = options.lines, options.rounds
        self.build = options.build.resolve()
        self.corpora = corpus.Corpora(options.cache / 'logs')
        self.peers = peers.Peers(None if options.peers == 'none' else options.peers)
        self.place = tempfile.TemporaryDirectory(prefix='tailban-bench-', dir=options.cache)
        self.scratch = pathlib.Path(self.place.name)
        self.kernel = kernel.Kernel()

    def close(self):
        process.end_all()
        kernel.empty()
        self.kernel.close()
        self.place.cleanup()

    def part(self, share, least=1):
        """A size that shrinks with the number of lines."""
        return max(least, self.lines // share)

    def daemon(self, **options):
        return tailban.Daemon(self.build, **options)

    def with_fail2ban(self, measure, **options):
        """What measure() finds with fail2ban's server running; None where it cannot be had."""
        tree = self.peers.tree('fail2ban')
        if not tree:
            return None
        try:
            with peers.Fail2ban(tree, **options) as server:
                return measure(server)
        except process.TooLong as e:
            print(f'bench: {e}', file=sys.stderr)
            return None

    def seconds(self, *argvs, rounds=None, **options):
        """Runs programs in turn; returns for each the seconds that its runs had a core, which is how
        long they take where nothing else runs. They write to a file: grep stops at the first match
        where it writes to /dev/null."""
        taken, out = [[] for _ in argvs], self.scratch / 'out'
        for _ in range(rounds or self.rounds):
            for i, argv in enumerate(argvs):
                out.unlink(missing_ok=True)
                outcome = process.run(argv, stdout=out, env={'TZ': 'UTC', 'LC_ALL': 'C'}, **options)
                if outcome.code:
                    raise RuntimeError(f'{argv[0]} ended with {outcome.code}')
                taken[i].append(outcome.cpu)
        return taken

    def last_output(self):
        """What the last of those programs wrote."""
        return (self.scratch / 'out').read_text(encoding='utf-8')

    def literals(self):
        """The file for grep -f, without its comments."""
        path = self.scratch / 'literals'
        path.write_text(''.join(literal + '\n' for literal in literals()), encoding='utf-8')
        return path

    def first(self, log, n, name='first.log'):
        """The first lines of a log, as a file of their own."""
        path = self.scratch / name
        with open(log, 'rb') as whole, open(path, 'wb') as part:
            part.writelines(line for line, _ in zip(whole, range(n)))
        return path

    def banned(self, daemon, n, prefix=32):
        """Has an operator ban so many nets from standard input. Returns the seconds until the
        command has ended and the kernel has the last of them, and the nets."""
        step = 1 << 32 - prefix
        nets = [f'{corpus.dotted((11 << 24) + i * step)}/{prefix}' for i in range(n)]
        path = self.scratch / 'nets'
        path.write_text(''.join(net + '\n' for net in nets), encoding='ascii')
        with process.Clock() as clock:
            daemon.call('ban', '-', stdin=path)
            process.wait_for(lambda: self.kernel.bans('manual', nets[-1]), 'the last ban')
        return clock.seconds, [('manual', net) for net in nets]


def literals():
    path = tailban.ROOT / 'bench/literals.txt'
    with open(path, encoding='utf-8') as f:
        return [line.rstrip('\n') for line in f if not line.startswith('#')]


def paired(ours, theirs):
    """How many times faster: the median of runs in pairs."""
    return process.median([b / a for a, b in zip(ours, theirs)])
