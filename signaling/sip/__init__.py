"""A SIP user agent of our own: no media, no people, nothing of signaling but itself. Its face is `agent`.

Lowest first: `address` and `message` read and write, `framing` cuts streams; `transaction` makes requests reliable and
`layer` runs it over `transport`; `dialog`, `expiry`, `renewal`, `screening` are rules of a call; `call`, `dialling`,
`incoming` are the calls, which share a `line`; `agent` is what others see.
"""
