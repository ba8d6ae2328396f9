"""Names and lifetimes of the cookies."""

from datetime import timedelta

COOKIE = "diemcau"


SEAT_COOKIE = "diemcau-seat"
"""The cookie for the WebSocket alone, which outlives the sign-in by EXPIRED_LASTS."""


EXPIRED_LASTS = timedelta(hours=12)
"""An expired sign-in is kept so long, so that a client in a meeting comes back to its seat after a loss."""


LOGIN_LASTS = timedelta(hours=12)


DISPLAY_COOKIE = "diemcau-display"
"""The cookie of a room display, which goes to DISPLAY_PATH alone: nothing else knows it."""
DISPLAY_PATH = "/api/v1/display"
DISPLAY_LASTS = timedelta(days=400)
"""The longest that browsers keep a cookie; each contact begins it anew."""


CHALLENGE_COOKIE = "diemcau-second-step"
"""The cookie between password and second factor, which goes to CHALLENGE_PATH alone and opens nothing."""
CHALLENGE_PATH = "/api/v1/login"
CHALLENGE_LASTS = timedelta(minutes=5)


HANDSHAKE_COOKIE = "diemcau-sso"
"""The cookie of a browser that has gone to a provider of single sign-on; it goes to HANDSHAKE_PATH alone."""
HANDSHAKE_PATH = "/api/v1/sso"
HANDSHAKE_LASTS = timedelta(minutes=10)
