"""SIP user agent (RFC 3261): dialogs, incoming and outgoing calls, session timers. Knows no media and no people."""
