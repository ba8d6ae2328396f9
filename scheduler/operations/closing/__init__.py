"""Closes a session in order: checklist, device shutdown, handover of recordings, documents."""
