"""Session descriptions (RFC 8866): offers and answers of browsers and of room systems."""
