"""Load tests with simulated endpoints, which join through the public signaling as browsers do."""
