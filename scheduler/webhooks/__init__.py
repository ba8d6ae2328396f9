"""Webhooks: addresses of other systems that are told of sessions, codes, recordings and incidents."""
