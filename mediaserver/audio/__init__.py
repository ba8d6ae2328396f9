"""Sound: jitter buffer, Opus and telephony codecs, gain control, active speaker, mix-minus, limiter."""
