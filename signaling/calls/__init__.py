"""Records of calls with room systems: how each came about, what it carried, and why it ended."""
