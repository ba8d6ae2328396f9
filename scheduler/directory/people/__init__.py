"""Who runs rooms, and from which day on."""
