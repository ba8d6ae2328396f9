"""The media of one endpoint: a browser's or a room system's, its simulcast camera, and what is forwarded to it."""
