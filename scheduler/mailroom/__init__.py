"""Registrations that come by official mailbox (Điều 13.2.a): letters, what they say, and what became of them."""
