"""The directory: points with their rooms, devices, lines and people, from their first draft to their withdrawal."""
