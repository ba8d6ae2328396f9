"""A SIP user agent: dialogs, calls in and out, session timers. No media, no people."""
