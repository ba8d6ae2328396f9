"""After a session: closing checklist, device shutdown, handover of recordings, documents."""
