"""Has a camera play by RTSP (RFC 2326) over TCP: as plain RTP (UDP) to our ports, or within the connection.

The client speaks with the registered address alone: a redirection is refused, and URIs that a camera names are only
texts of requests on that connection. A password goes out as a digest where the camera takes one, else as it is (Basic).
"""

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress

from mediaserver.transport.dscp import mark
from signaling.cameras.rtp_relay import MAX_DATAGRAM, RtpRelay
from signaling.cameras.rtsp_message import (
    BadRtsp,
    Packet,
    Request,
    Response,
    Stream,
    Track,
    basic,
    read_tracks,
    write_packet,
    write_request,
    write_response,
)
from signaling.sip.protocol.digest import Challenge, Credentials, authorization, challenge

ANSWER_SECONDS = 10.0
"""How long a camera may take to answer."""
MISNUMBERED_SECONDS = 1.0
"""How long the answer with the right number may come after one with a wrong one. A camera that never echoes the right
one is read by ffmpeg, too."""
USUAL_TIMEOUT_S = 60
"""The life of a session that names none (RFC 2326 §12.37)."""
MAX_UNSENT = 65_536
"""Bytes that wait for a camera that reads nothing; then no more reports and answers are written."""
READ_BYTES = 65_536
OK, UNAUTHORIZED, UNSUPPORTED_TRANSPORT = 200, 401, 461


class RtspClient:
    """A session with one camera, whose requests are marked by `dscp`."""

    def __init__(self, host: str, port: int, path: str, credentials: Credentials | None, dscp: int = 0) -> None:
        self._host, self._port, self._dscp = host, port, dscp
        shown = f"[{host}]" if ":" in host else host
        self._uri = f"rtsp://{shown}:{port}/{path.lstrip('/')}"
        self._credentials = credentials
        self._challenge: Challenge | None = None
        self._basic = False
        """Whether the camera wants the password as it is."""
        self._numbers_wrongly = False
        """Whether the camera answers with other numbers than those of our requests."""
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._stream = Stream()
        self._responses: list[Response] = []
        self._relay: RtpRelay | None = None
        self._sequence = 0
        self._session = ""
        self.timeout_s = USUAL_TIMEOUT_S
        """Seconds for which the camera goes on without a request."""

    async def describe(self) -> tuple[Track, ...]:
        """Connect and return the tracks that the camera has. Raises BadRtsp, OSError, TimeoutError."""
        async with asyncio.timeout(ANSWER_SECONDS):
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        mark(self._writer.get_extra_info("socket"), self._dscp)
        response = await self._ask("DESCRIBE", self._uri, {"Accept": "application/sdp"})
        self._uri = response.first("content-base") or response.first("content-location") or self._uri
        return read_tracks(response.body.decode("utf-8", "replace"), self._uri)

    async def set_up(self, tracks: Sequence[Track], ports: Sequence[int]) -> bool:
        """Have the tracks sent to our RTP ports; return False where the camera sends no UDP.

        Raises BadRtsp, OSError, TimeoutError.
        """
        for track, port in zip(tracks, ports, strict=True):
            headers = {"Transport": f"RTP/AVP;unicast;client_port={port}-{port + 1}"}
            if await self._set_up(track, headers, UNSUPPORTED_TRANSPORT) is None:
                return False
        return True

    async def set_up_interleaved(self, tracks: Sequence[Track], engine_host: str) -> RtpRelay:
        """Have the tracks sent within the connection (RFC 2326 §10.12); return the relay that is to be aimed.

        Raises BadRtsp, OSError, TimeoutError.
        """
        for number, track in enumerate(tracks):
            channels = 2 * number, 2 * number + 1
            transport = f"RTP/AVP/TCP;unicast;interleaved={channels[0]}-{channels[1]}"
            response = await self._set_up(track, {"Transport": transport})
            if response is None or response.channels not in (None, channels):
                raise BadRtsp("other channels than we asked for")
        self._relay = RtpRelay(engine_host, 2 * len(tracks), self._report)
        return self._relay

    async def _set_up(self, track: Track, headers: dict[str, str], refusal: int = OK) -> Response | None:
        """Set a track up; return None for the status `refusal`."""
        response = await self._ask("SETUP", track.control, {**headers, **self._in_session}, refusal)
        if response.status != OK:
            return None
        self._session, _, parameters = response.first("session").partition(";")
        name, _, seconds = parameters.strip().partition("=")
        if name.strip().lower() == "timeout" and seconds.strip().isdecimal():
            self.timeout_s = max(5, min(int(seconds[:6]), 3600))
        return response

    async def play(self) -> None:
        """Have the tracks sent. Raises BadRtsp, OSError, TimeoutError."""
        await self._ask("PLAY", self._uri, {"Range": "npt=0.000-", **self._in_session})

    async def keep_alive(self) -> None:
        """Let the session live on: OPTIONS is what every camera takes. Raises BadRtsp, OSError, TimeoutError."""
        await self._ask("OPTIONS", self._uri, self._in_session)

    async def listen(self, seconds: float) -> None:
        """Take what comes within the connection for so long. Raises BadRtsp, also where the camera ends it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    await self._receive()
                    self._responses.clear()  # to nothing that is still asked

    async def close(self) -> None:
        """End the session, if the camera still listens, and the connection."""
        writer, self._writer = self._writer, None
        if self._relay is not None:
            self._relay.close()
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
    def is_interleaved(self) -> bool:
        """Return whether the tracks come within the connection."""
        return self._relay is not None

    @property
    def _in_session(self) -> dict[str, str]:
        return {"Session": self._session} if self._session else {}

    def _request(self, method: str, uri: str, headers: dict[str, str]) -> bytes:
        proof = {}
        if self._challenge is not None and self._credentials is not None:
            proof = dict([authorization(self._challenge, self._credentials, method, uri, secrets.token_hex(8))])
        elif self._basic and self._credentials is not None:
            proof = {"Authorization": basic(self._credentials.user, self._credentials.password)}
        return write_request(method, uri, self._sequence, {**headers, **proof})

    async def _ask(self, method: str, uri: str, headers: dict[str, str], refusal: int = OK) -> Response:
        """Send a request, with our password where it is asked for, and return the response: 200 or the `refusal`."""
        async with asyncio.timeout(ANSWER_SECONDS):
            response = await self._exchange(method, uri, headers)
            if response.status == UNAUTHORIZED and self._credentials is not None:
                self._challenge = challenge(response)
                self._basic = self._challenge is None and response.asks_for_basic
                if self._challenge is None and not self._basic:
                    raise BadRtsp("no authentication that we know")
                response = await self._exchange(method, uri, headers)
        if response.status not in (OK, refusal):
            raise BadRtsp(f"{method}: {response.status}")
        return response

    async def _exchange(self, method: str, uri: str, headers: dict[str, str]) -> Response:
        if self._writer is None:
            raise BadRtsp("not connected")
        self._sequence += 1
        self._writer.write(self._request(method, uri, headers))
        await self._writer.drain()
        return await self._answer()

    async def _answer(self) -> Response:
        """Return the answer to the last request. One with another number answers what is no longer asked, unless no
        other one comes: then the camera numbers its answers wrongly, and each next one is taken."""
        misnumbered: Response | None = None
        try:
            async with asyncio.timeout(None) as patience:
                while True:
                    while not self._responses:
                        await self._receive()
                    response = self._responses.pop(0)
                    if self._numbers_wrongly or response.sequence in (None, self._sequence):
                        return response
                    if misnumbered is None:
                        patience.reschedule(asyncio.get_running_loop().time() + MISNUMBERED_SECONDS)
                    misnumbered = response
        except TimeoutError:
            if misnumbered is None:
                raise
        self._numbers_wrongly = True
        return misnumbered

    async def _receive(self) -> None:
        """Read once: keep responses, answer requests, pass packets on. Raises BadRtsp."""
        if self._reader is None:
            raise BadRtsp("not connected")
        if not (data := await self._reader.read(READ_BYTES)):
            raise BadRtsp("the camera ended the connection")
        for each in self._stream.feed(data):
            if isinstance(each, Response):
                self._responses.append(each)
            elif isinstance(each, Request):
                self._write(write_response(each))
            elif len(each.data) > MAX_DATAGRAM:
                raise BadRtsp(f"a packet of {len(each.data)} bytes, of at most {MAX_DATAGRAM}")
            elif self._relay is not None:
                self._relay.send(each.channel, each.data)

    def _report(self, channel: int, data: bytes) -> None:
        """Write a report of the engine."""
        self._write(write_packet(Packet(channel, data)))

    def _write(self, data: bytes) -> None:
        """Write what the camera need not have, unless it reads nothing."""
        if self._writer is not None and self._writer.transport.get_write_buffer_size() < MAX_UNSENT:
            self._writer.write(data)
