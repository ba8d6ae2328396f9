"""What a letter asks for: times in Vietnamese, units, contacts, titles."""
