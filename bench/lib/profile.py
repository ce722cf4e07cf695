# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the instructions and the time of a replay go, by part of the program: callgrind and perf."""
import bisect
import collections
import pathlib
import re
import shutil
import subprocess

# The parts, and the files whose functions are theirs; a file of none is in the rest. What a
# function of the C library takes is its caller's.
PARTS = {
    'lines': 'lines logs offline',
    'stamp': 'stamp shape datepattern datelist dateparts datetemplate datetoken zone zonename',
    'sieve': 'sieve outlook everyday grams mesh part teddy literal needles '
             'vigil recent lineup',
    'regex': 'filter rule sign regex match backlog wall draft',
    'session': 'session heads',
    'windows': 'window netblock addition ladder track tracks pack store pages budget table hash addr exempt '
               'jail brands sentence formula',
    'learned': 'fingerprint family reputation shield',
    'output': 'view output jsonline court grid',
}
REST = 'rest'
ORDER = (*PARTS, REST)
PART_OF = {name: part for part, names in PARTS.items() for name in names.split()}
REGEX_LIBRARY = re.compile(r'libpcre2|\?\?\?|^0x|\[JIT\]|//anon')  # PCRE2, and what it compiled
JSON_LIBRARY = 'libjansson'
C_LIBRARY = re.compile(r'/(?:libc|ld-linux|libm|libasan)\b|vgpreload')


def part_of(source):
    """The part that a source file belongs to; needles-avx2.c is needles'."""
    name = pathlib.Path(source).stem
    return PART_OF.get(name) or PART_OF.get(name.split('-')[0], REST)


def library(where):
    """The part that all of an object belongs to, or None."""
    if JSON_LIBRARY in where:
        return 'output'
    return 'regex' if REGEX_LIBRARY.search(where) else None


class Callgrind:
    """One output file: instructions by part."""

    def __init__(self, path):
        self.names = {}
        self.parts = collections.Counter()
        self.total = 0
        here, there = ['', ''], ['', '']  # object and file of the function, and of the one it calls
        called = False
        with open(path, encoding='utf-8', errors='replace') as f:
            for line in f:
                key, _, value = line.rstrip('\n').partition('=')
                if key == 'ob':
                    here[0] = self.name('ob', value)
                elif key == 'fl':
                    here[1] = self.name('fl', value)
                elif key == 'fn':
                    self.name('fn', value)
                    there = [here[0], '']
                elif key in ('fi', 'fe', 'cfi', 'cfl'):
                    self.name('fl', value)
                elif key == 'cob':
                    there = [self.name('ob', value), '']
                elif key == 'cfn':
                    # It calls main(): what it takes is everything.
                    started = self.name('fn', value).startswith('__libc_start_main')
                    there = ['', ''] if started else there
                elif key == 'calls':
                    called = True
                elif line[0] in '+-*0123456789':
                    self.add(int(line.split()[-1]), here, there if called else None)
                    if called:
                        called, there = False, [here[0], '']

    def name(self, kind, value):
        """(12) stands for the name that it was first written with."""
        number, _, name = value.partition(' ')
        return self.names.setdefault((kind, number), name)

    def add(self, cost, here, called):
        if called is None:
            self.total += cost
            if not C_LIBRARY.search(here[0]):
                self.parts[self.part(here)] += cost
        elif C_LIBRARY.search(called[0]) and not C_LIBRARY.search(here[0]):
            self.parts[self.part(here)] += cost

    @staticmethod
    def part(where):
        return library(where[0]) or part_of(where[1])


def instructions(argv, out):
    """Runs a program under callgrind; the Callgrind of it."""
    subprocess.run(['valgrind', '--tool=callgrind', f'--callgrind-out-file={out}', *map(str, argv)],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True,
                   env={'TZ': 'UTC', 'PATH': '/usr/bin:/bin'})
    return Callgrind(out)


class Symbols:
    """Which source file an address of a program belongs to, by its function."""

    def __init__(self, program):
        out = subprocess.run(['nm', '-l', '--defined-only', program], capture_output=True, text=True,
                             check=True).stdout
        found = sorted((int(m[1], 16), m[2]) for m in re.finditer(
            r'^([0-9a-f]+) [tTwW] \S+(?:\t(.*):\d+)?$', out, re.M))
        self.at, self.source = [a for a, _ in found], [s or '' for _, s in found]

    def part(self, address):
        i = bisect.bisect_right(self.at, address) - 1
        return part_of(self.source[i]) if i >= 0 else REST


def shift(program):
    """By how much its code's addresses differ from the places in the file."""
    out = subprocess.run(['readelf', '-lW', program], capture_output=True, text=True, check=True).stdout
    for m in re.finditer(r'LOAD\s+0x(\w+) 0x(\w+) \S+ \S+ \S+ R E', out):
        return int(m[2], 16) - int(m[1], 16)
    return 0


def times(argv, out):
    """Runs a program under perf; the share of its samples by part, of which the kernel's and the C
    library's are their own. None without perf."""
    if not shutil.which('perf'):
        return None
    program = str(argv[0])
    subprocess.run(['perf', 'record', '-q', '-F', '2000', '-o', out, '--', *map(str, argv)],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True,
                   env={'TZ': 'UTC', 'PATH': '/usr/bin:/bin'})
    text = subprocess.run(['perf', 'script', '-i', out, '-F', 'ip,dso', '--show-mmap-events'],
                          capture_output=True, text=True, errors='replace', check=True).stdout
    return shares(text, program, Symbols(program), shift(program))


def shares(text, program, symbols, moved):
    base, found = 0, collections.Counter()
    for line in text.splitlines():
        if m := re.search(r'MMAP2? \S+ \[0x(\w+)\(\S+\) @ (\S+) .*r-xp (\S+)', line):
            if m[3] == program:
                base = int(m[1], 16) - int(m[2], 16)
        elif m := re.match(r'\s*([0-9a-f]+) \((.*)\)$', line):
            found[sample(int(m[1], 16), m[2], program, symbols, moved - base)] += 1
    total = sum(found.values())
    return {part: n / total for part, n in found.items()}


def sample(address, where, program, symbols, offset):
    if where == program:
        return symbols.part(address + offset)
    if where.startswith('[kernel') or where.startswith('[guest'):
        return 'kernel'
    return library(where) or ('C library' if C_LIBRARY.search(where) else REST)
