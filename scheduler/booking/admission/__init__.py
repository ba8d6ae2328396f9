"""The 80 % rule of Điều 12.4: load, admission, precedence, revocation, suggestions, the queue."""
