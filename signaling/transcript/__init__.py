"""Transcripts of recordings: made after the meeting, kept beside the recording, corrected, searched, exported."""
