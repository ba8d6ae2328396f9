"""One meeting as packets: seats, who sees what, composed pictures, recording."""
