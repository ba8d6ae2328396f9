"""The quality of each seat's connection over time: sampled, kept, and read as causes."""
