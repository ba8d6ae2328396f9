"""Floor control of room systems' slides: the Binary Floor Control Protocol (BFCP, RFC 8855)."""
