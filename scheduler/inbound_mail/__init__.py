"""Registrations that come by official mailbox (Điều 13.2.a): the letter, its sender, what became of it."""
