"""The factor by which soak tests do more than in `make test`."""

import os

REPEATS = int(os.environ.get("SOAK_REPEATS", "1"))
"""`make drills` sets five."""
