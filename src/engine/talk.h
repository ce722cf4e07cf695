// SPDX-License-Identifier: GPL-2.0-or-later
// What of a client's and of a server's words in a mail protocol may hold a password. SMTP, POP3 and
// IMAP are told apart by their commands. Inside the engine only.
#pragma once

#include "engine/veil.h"

// A line of the client's. Of what is no command, and no reply to one, nothing may be seen.
void talk_client(struct veil *v, struct slice text);

// A line of the server's.
void talk_server(struct veil *v, struct slice text);
