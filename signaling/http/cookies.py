"""Names of our cookies."""

from datetime import timedelta

COOKIE = "diemcau"


SEAT_COOKIE = "diemcau-seat"
"""Goes to the WebSocket alone and outlives the login: see `signaling.http.cookies.EXPIRED_LASTS`."""


EXPIRED_LASTS = timedelta(hours=12)
"""A login that has expired is known for so long: whoever was in a meeting then comes back to the seat after a loss."""


LOGIN_LASTS = timedelta(hours=12)
