"""Splits a stream into messages (RFC 3261 §18.3) by their Content-Length, wherever the segments were cut."""

from signaling.sip.protocol.errors import BadMessage
from signaling.sip.protocol.message import MOST_BYTES, body_length, head_end


class Stream:
    """Collects the bytes of one connection until a message is whole; holds never more than one message."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._length: int | None = None
        """Length of the message that has begun, once its headers are there."""

    @property
    def begun(self) -> bool:
        """Return whether part of a message waits for its rest."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """Add received bytes and return the messages that are whole. Raises BadMessage if the stream is malformed."""
        self._buffer += data
        messages = []
        while (message := self._take()) is not None:
            messages.append(message)
        if len(self._buffer) > MOST_BYTES:
            raise BadMessage("too long")
        return messages

    def _take(self) -> bytes | None:
        if self._length is None:
            self._skip_keepalives()
            self._length = self._measure()
        if self._length is None or len(self._buffer) < self._length:
            return None
        message = bytes(self._buffer[: self._length])
        del self._buffer[: self._length]
        self._length, self._searched = None, 0
        return message

    def _skip_keepalives(self) -> None:
        """Drop empty lines between messages, which keep the connection open (RFC 3261 §7.5, RFC 5626 §3.5.1)."""
        blank = len(self._buffer) - len(self._buffer.lstrip(b"\r\n"))
        if blank:
            del self._buffer[:blank]
            self._searched = 0

    def _measure(self) -> int | None:
        end = head_end(self._buffer, max(0, self._searched - 3))
        self._searched = len(self._buffer)
        if end is None:
            return None
        length = end + body_length(bytes(self._buffer[:end]))
        if length > MOST_BYTES:
            raise BadMessage("too long")
        return length
