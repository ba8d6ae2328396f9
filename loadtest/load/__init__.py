"""Many endpoints in many meetings, and what they and the machine were seen to do."""
