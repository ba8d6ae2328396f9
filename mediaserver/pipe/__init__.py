"""Rooms on several media workers: each camera and each voice goes once to each other worker that needs it."""
