"""The media of one endpoint, a browser or a room system: its streams, its simulcast camera, its forwarders."""
