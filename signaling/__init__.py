"""The roof: knows the people, stands on the scheduler and the media core, and is the only place where they meet."""
