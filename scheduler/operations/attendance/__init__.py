"""Who was there: presence, reconnections, floor times, lists of attendees."""
