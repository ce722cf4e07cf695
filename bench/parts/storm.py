# SPDX-License-Identifier: GPL-2.0-or-later
"""A distributed attack all at once: every line counts, and every address is banned by its fifth."""
import ipaddress

from lib import kernel, process, tailban
from lib.table import Row

MARK = tailban.MARK


class Storm:
    """One log full of it, and what has to come of it."""

    def __init__(self, bench):
        self.bench, self.log = bench, bench.scratch / 'storm.log'
        bench.corpora.fresh('storm', bench.lines, self.log, mark=MARK)
        self.wanted = set(tailban.replayed(bench.build, self.log, bench.scratch / 'storm.json'))
        self.wider = tailban.wider(bench.build)
        self.lengths = {int(net.partition('/')[2]) for _, net in self.wanted}
        self.marks = [b for b in self.wanted if b[1] == f'{MARK}/32']

    def enforced(self, jail, net):
        """Whether it is, by this ban or one that covers it: of a block around it, or of more ports."""
        own = ipaddress.ip_network(net)
        nets = [net, *(str(own.supernet(new_prefix=n)) for n in self.lengths if n < own.prefixlen)]
        return any(self.bench.kernel.bans(j, n) for n in nets for j in self.wider[jail])

    def marked(self):
        return all(self.enforced(*mark) for mark in self.marks)

    def strike(self, core, check):
        """Returns the seconds from when the log appears until all is enforced, until the ledger has
        it all, which is when the daemon has ended; how long the daemon and the enforcer had a core
        until then; and the daemon's peak of memory."""
        daemon = self.bench.daemon(core=core)
        try:
            daemon.start()
            log = daemon.path / 'log/mail.log'
            place = daemon.path / 'mail.log'
            place.write_bytes(self.log.read_bytes())
            with process.Clock() as both:
                with process.Clock() as enforced:
                    place.rename(log)
                    process.wait_for(self.marked, 'end of the storm', pause=.001)
                daemon_cpu, *others = map(process.cpu, daemon.pids())
                enforcer_cpu = sum(others)
                peak = process.status(daemon.pid, 'VmHWM') * 1024
                daemon.stop()
            if check:
                self.check(daemon)
        finally:
            daemon.close()
            kernel.empty()
        return enforced.seconds, both.seconds, daemon_cpu, enforcer_cpu, peak

    def check(self, daemon):
        """Every ban is where it has to be: in the kernel, and in the ledger."""
        missing = sum(not self.enforced(*ban) for ban in self.wanted)
        daemon.start()
        unknown = len(self.wanted - daemon.listed())
        if missing or unknown:
            raise RuntimeError(f'of {len(self.wanted)} bans {missing} are not enforced and {unknown} '
                               'not in the ledger')


def fail2ban(bench):
    """Lines a second of fail2ban in a storm that is small enough for it."""
    n = bench.part(200, 25)
    data = bench.corpora.fresh('storm', n, bench.scratch / 'few.log').read_bytes()
    # Who spreads tries over two jails is banned by neither.
    return bench.with_fail2ban(
        lambda server: n / server.until_banned(n // 5 * 4 // 5, lambda: server.append(data)))


def run(bench):
    storm, rounds = Storm(bench), max(1, bench.rounds - 2)
    taken = [storm.strike(process.MEASURED, check=i == 0) for i in range(rounds)]
    enforced, both, daemon_cpu, enforcer_cpu, peak = (process.median(column) for column in zip(*taken))
    what = f'{bench.lines:,} lines, {bench.part(5):,} banned'
    yield Row(what, both, 's', at_most=.7, note='one core; in the kernel and in the ledger',
              runs=[t[1] for t in taken])
    yield Row('  in the kernel', enforced, 's', note=f'{len(storm.wanted):,} bans, each checked')
    yield Row('  tailband on the core', daemon_cpu, 's')
    yield Row('  tailban-enforce on the core', enforcer_cpu, 's')
    yield Row('  as a rate', bench.lines / both, 'lines/s', peer=('fail2ban', fail2ban(bench)),
              times=1000)
    yield Row('  peak of memory', peak, 'bytes')
    if len(process.CORES) > 1:
        yield Row('  on all cores', storm.strike(None, check=False)[1], 's')
