"""Records who took part in sessions: presence, reconnections, floor times, lists of attendees."""
