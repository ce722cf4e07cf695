// SPDX-License-Identifier: GPL-2.0-or-later
// Whether a stranger who writes into a line can have another address found in it. Inside the engine
// only.
//
// A stranger may write wherever a run of the regex is, and behind what it matches. Two things are
// known to hold no text of his choice, and are left alone:
//
// - what stands in front of a process id, "mail postfix/smtpd[25370]: ": the logger writes it;
// - a host name in front of its address, "name[203.0.113.7]": it has neither blanks nor brackets.
//
// A run that describes its field is believed: it names the bytes ([a-z]+, \d+), shuts out blanks
// and others ([^\s,<>]+), is a word (\S+) that nobody gave a name, or behind the address shuts out
// more than the one byte that ends it. One that only says where a text ends ([^>]*,
// <F-USER>\S+</F-USER>) is not: whether the field can hold that byte is up to the server, and what
// comes of it a finding of its own kind.
#pragma once

#include "engine/lint.h"
#include "engine/probe.h"

// Tries the line, which the failregex takes, with everything in every place; *budget, in lines,
// goes down. The first thing that gives another address is in *ret, its witness in *ret_line: one
// that keeps to the bytes of its run before one that does not. False: nothing.
bool inject_try(struct probe *p, unsigned rule, struct slice line, uint64_t *budget,
                struct specimen *ret_line, struct lint_finding *ret);

// A line of another program's that quotes this one, with another address. False: it is not taken.
bool inject_quote(struct probe *p, unsigned rule, struct slice line, struct specimen *ret_line,
                  struct lint_finding *ret);
