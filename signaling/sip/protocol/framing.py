"""Messages on a stream (RFC 3261 §18.3): each ends where its Content-Length says, wherever the segments were cut."""

from signaling.sip.protocol.errors import BadMessage
from signaling.sip.protocol.message import MOST_BYTES, body_length, head_end


class Stream:
    """What came on one connection and is not yet a whole message; never more than one message's bytes."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._length: int | None = None
        """Of the message that has begun, once its headers are there."""

    @property
    def begun(self) -> bool:
        """Whether part of a message waits for its rest."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """Take what came and return the messages that are whole. Raises BadMessage when the stream makes no sense."""
        self._buffer += data
        found = []
        while (message := self._take()) is not None:
            found.append(message)
        if len(self._buffer) > MOST_BYTES:
            raise BadMessage("too long")
        return found

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
        """Empty lines between messages keep the connection open and say nothing (RFC 3261 §7.5, RFC 5626 §3.5.1)."""
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
