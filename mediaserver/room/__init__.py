"""One meeting as packets: seats, the source each seat sees, composed pictures, recording."""
