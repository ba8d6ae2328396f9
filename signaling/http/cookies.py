"""Names and lifetimes of the cookies."""

from datetime import timedelta

COOKIE = "diemcau"


SEAT_COOKIE = "diemcau-seat"
"""The cookie for the WebSocket alone, which outlives the sign-in by EXPIRED_LASTS."""


EXPIRED_LASTS = timedelta(hours=12)
"""An expired sign-in is kept so long, so that a client in a meeting comes back to its seat after a loss."""


LOGIN_LASTS = timedelta(hours=12)
