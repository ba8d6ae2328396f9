"""What single parts of the product cost: forwarding, composing, encryption, the database; delay and lip sync."""
