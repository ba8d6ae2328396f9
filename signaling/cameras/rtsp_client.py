"""Has a camera play to our RTP ports by RTSP (RFC 2326) over TCP; its sound and picture come as plain RTP (UDP).

The client speaks with the registered address alone: a redirection is refused, and URIs that a camera names are only
texts of requests on that connection.
"""

import asyncio
import secrets
from contextlib import suppress

from signaling.cameras.rtsp_message import (
    MAX_HEADER,
    BadRtsp,
    Response,
    Track,
    read_header,
    read_tracks,
    write_request,
)
from signaling.sip.protocol.digest import Challenge, Credentials, authorization, challenge

ANSWER_SECONDS = 10.0
"""How long a camera may take to answer."""
USUAL_TIMEOUT_S = 60
"""The life of a session that names none (RFC 2326 §12.37)."""
UNAUTHORIZED = 401


class RtspClient:
    """A session with one camera."""

    def __init__(self, host: str, port: int, path: str, credentials: Credentials | None) -> None:
        self._host, self._port = host, port
        shown = f"[{host}]" if ":" in host else host
        self._uri = f"rtsp://{shown}:{port}/{path.lstrip('/')}"
        self._credentials = credentials
        self._challenge: Challenge | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._sequence = 0
        self._session = ""
        self.timeout_s = USUAL_TIMEOUT_S
        """Seconds for which the camera goes on without a request."""

    async def describe(self) -> tuple[Track, ...]:
        """Connect and return the tracks that the camera has. Raises BadRtsp, OSError, TimeoutError."""
        async with asyncio.timeout(ANSWER_SECONDS):
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port, limit=MAX_HEADER)
        response, body = await self._ask("DESCRIBE", self._uri, {"Accept": "application/sdp"})
        self._uri = response.first("content-base") or response.first("content-location") or self._uri
        return read_tracks(body.decode("utf-8", "replace"), self._uri)

    async def play(self, tracks: tuple[Track, ...], ports: list[int]) -> None:
        """Have the tracks sent to our RTP ports. Raises BadRtsp, OSError, TimeoutError."""
        for track, port in zip(tracks, ports, strict=True):
            transport = f"RTP/AVP;unicast;client_port={port}-{port + 1}"
            response, _ = await self._ask("SETUP", track.control, {"Transport": transport, **self._in_session})
            self._session, _, parameters = response.first("session").partition(";")
            name, _, seconds = parameters.strip().partition("=")
            if name.strip().lower() == "timeout" and seconds.strip().isdecimal():
                self.timeout_s = max(5, min(int(seconds[:6]), 3600))
        await self._ask("PLAY", self._uri, {"Range": "npt=0.000-", **self._in_session})

    async def keep_alive(self) -> None:
        """Let the session live on: OPTIONS is what every camera takes. Raises BadRtsp, OSError, TimeoutError."""
        await self._ask("OPTIONS", self._uri, self._in_session)

    async def close(self) -> None:
        """End the session, if the camera still listens, and the connection."""
        writer, self._writer = self._writer, None
        if writer is None:
            return
        if self._session:
            with suppress(OSError):
                self._sequence += 1
                writer.write(self._request("TEARDOWN", self._uri, self._in_session))
                async with asyncio.timeout(1):
                    await writer.drain()
        writer.close()

    @property
    def _in_session(self) -> dict[str, str]:
        return {"Session": self._session} if self._session else {}

    def _request(self, method: str, uri: str, headers: dict[str, str]) -> bytes:
        proof = {}
        if self._challenge is not None and self._credentials is not None:
            proof = dict([authorization(self._challenge, self._credentials, method, uri, secrets.token_hex(8))])
        return write_request(method, uri, self._sequence, {**headers, **proof})

    async def _ask(self, method: str, uri: str, headers: dict[str, str]) -> tuple[Response, bytes]:
        """Send a request, with our password where it is asked for, and return the answer with its body."""
        async with asyncio.timeout(ANSWER_SECONDS):
            response, body = await self._exchange(method, uri, headers)
            if response.status == UNAUTHORIZED and self._credentials is not None:
                self._challenge = challenge(response)
                if self._challenge is None:
                    raise BadRtsp("no digest authentication that we know")
                response, body = await self._exchange(method, uri, headers)
        if response.status != 200:
            raise BadRtsp(f"{method}: {response.status}")
        return response, body

    async def _exchange(self, method: str, uri: str, headers: dict[str, str]) -> tuple[Response, bytes]:
        if self._reader is None or self._writer is None:
            raise BadRtsp("not connected")
        self._sequence += 1
        self._writer.write(self._request(method, uri, headers))
        await self._writer.drain()
        try:
            response = read_header((await self._reader.readuntil(b"\r\n\r\n"))[:-4])
            return response, await self._reader.readexactly(response.length)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise BadRtsp(str(error)) from None
