"""Official letters (Điều 13.2.a): parses them, authenticates senders, makes drafts of registrations."""
