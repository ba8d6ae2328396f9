"""Sends the audit log to a syslog server, so that it is read, searched and kept off this machine (RFC 5424)."""
