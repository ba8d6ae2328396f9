"""Accounts: sign-in, passwords, one-time links, throttle, permissions."""
