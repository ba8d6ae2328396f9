"""H.323: room systems that speak no SIP (ITU-T H.323, H.225.0, H.245, H.241)."""
