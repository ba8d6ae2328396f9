"""State of a meeting: seats, floor, hands, layout, script, waiting room. Pure."""
