"""Transcribes what points said from the sounds of a finished recording."""
