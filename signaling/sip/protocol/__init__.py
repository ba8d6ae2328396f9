"""SIP messages, framing, transactions and transports (RFC 3261). Knows no calls."""
