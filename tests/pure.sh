#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The engine is pure: it calls nothing that does I/O, reads a clock, the environment or a random
# source, and it keeps no state of its own. tests/pure.sh ARCHIVE; with --self-check and a compiler
# command in front, whether that would be found.
set -eu

# Functions and variables, without the decorations of libc (__printf_chk, open64, __isoc99_scanf).
denied='
open openat creat close read pread readv write pwrite writev lseek ioctl fcntl dup dup2 pipe
fopen fdopen freopen fclose fread fwrite fgets fputs fputc fgetc getc putc getline fflush fseek
printf fprintf dprintf vprintf vfprintf puts putchar perror scanf fscanf stdin stdout stderr
stat fstat lstat access unlink rename mkdir opendir readdir glob mmap munmap
time clock clock_gettime gettimeofday ftime localtime localtime_r mktime tzset strftime
sleep usleep nanosleep alarm timerfd_create
getenv secure_getenv setenv putenv environ setlocale
rand random srand srandom rand_r drand48 getrandom getentropy arc4random
socket connect bind listen accept send sendto sendmsg recv recvfrom recvmsg poll select epoll_wait
getaddrinfo gethostbyname getnameinfo syslog openlog vsyslog
fork vfork execve system popen kill raise signal sigaction exit abort atexit
getpid getuid geteuid gethostname uname pthread_create pthread_mutex_lock
log_open log_line log_set_level zone_local
'

check() {
    calls=$(nm -u "$1" | sed -n 's/^ *[Uw] //p' |
        sed 's/@.*//; s/^__isoc[0-9]*_//; s/^_*//; s/_chk$//; s/64$//; s/^IO_//' | sort -u)
    [ -n "$calls" ] || { echo "$1: no symbols at all"; return 1; }
    found=$(echo "$calls" | grep -xF "$(echo $denied | tr ' ' '\n')" || true)
    [ -z "$found" ] || echo "the engine calls:" $found
    # Compilers keep notes of their own among the data: sanitizers, coverage.
    state=$(objdump -t "$1" 2>/dev/null |
        awk '$0 ~ / O \.(data|bss)\t/ && $NF !~ /^(\.L|_*(asan|ubsan|sancov|gcov|odr_asan)|__)/ {print $NF}')
    [ -z "$state" ] || echo "the engine keeps state:" $state
    [ -z "$found$state" ]
}

violations='
#include <time.h>\nlong f(void); long f(void) { return time(0); }
#include <stdlib.h>\nchar *f(void); char *f(void) { return getenv("TZ"); }
#include <stdio.h>\nvoid f(int i); void f(int i) { printf("%d", i); }
#include <stdio.h>\nvoid f(void); void f(void) { fputs("x", stderr); }
#include <fcntl.h>\nint f(void); int f(void) { return open("x", 0); }
#include <unistd.h>\nlong f(void); long f(void) { return write(1, "x", 1); }
#include <stdlib.h>\nint f(void); int f(void) { return rand(); }
#include <stdlib.h>\nint n; int f(void); int f(void) { n++; return abs(n); }
#include <stdlib.h>\nint f(int i); int f(int i) { static int n = 3; n += i; return abs(n); }
'

self_check() {
    archive=$1
    shift
    failed=0
    dir=$(mktemp -d)
    trap 'rm -rf "$dir"' EXIT
    check "$archive" || failed=1
    while read -r code; do
        [ -n "$code" ] || continue
        printf "$(echo "$code" | sed 's/%/%%/g')\nvoid *malloc(__SIZE_TYPE__); void *g(void); void *g(void) { return malloc(1); }\n" >"$dir/a.c"
        "$@" -O2 -c "$dir/a.c" -o "$dir/a.o"
        rm -f "$dir/a.a"
        ar rc "$dir/a.a" "$dir/a.o"
        if check "$dir/a.a" >/dev/null; then
            echo "not found: $code"
            failed=1
        fi
    done <<END
$violations
END
    return $failed
}

if [ "$1" = --self-check ]; then
    shift
    self_check "$@"
else
    check "$1"
fi
