"""SIP (RFC 3261): the protocol, a user agent, and the bridge of room systems into meetings."""
