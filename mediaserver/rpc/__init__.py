"""The media engine over a socket: message protocol, links that carry messages, client, reply checks."""
