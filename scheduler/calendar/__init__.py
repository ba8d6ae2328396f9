"""Working time, corrections of days, and deadlines counted in both."""
