"""What a meeting is: seats, floor, hands, layout, script, waiting room. Pure."""
