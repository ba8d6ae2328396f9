"""Simulates a receiver that joins as a browser does, then only counts by a socket that it shares with others."""

from aiortc.rtcdtlstransport import RTCCertificate

from loadtest.endpoint.counting_socket import CountingSocket
from loadtest.endpoint.ice_checks import Credentials
from loadtest.endpoint.receive_counters import StreamCounters
from loadtest.endpoint.rtcp import receiver_report
from loadtest.endpoint.sdp_answer import parse_answer
from loadtest.endpoint.sdp_offer import OPUS, OfferOptions, Ssrcs, write_offer
from loadtest.endpoint.transport import EndpointTransport
from mediaserver.transport.dtls import fingerprint

SSRC = 1
"""Its own SSRC in reports; it sends no media."""


class CountedReceiver:
    """Receives sound and one picture, reports on them, and sends nothing else. `number` gives it an address."""

    def __init__(
        self, certificate: RTCCertificate, number: int, codecs: tuple[str, ...], shared: CountingSocket
    ) -> None:
        self._certificate = certificate
        self._offered = OfferOptions(codecs, camera=False)
        self._local = Credentials()
        bound = (f"127.{1 + (number >> 16)}.{number >> 8 & 255}.{number & 255}", shared.port)
        self._transport = EndpointTransport(certificate, self._local, self, bound)
        self._shared = shared
        self.streams: list[StreamCounters] = []
        """Counters of what the server sends, sound first."""

    def offer(self) -> str:
        """Return the SDP offer for the server."""
        return write_offer(self._offered, self._local, fingerprint(self._certificate), Ssrcs(SSRC, ()))

    async def connect(self, answer: str) -> None:
        """Connect, and leave what comes to the shared socket. Raises BadAnswer, TransportFailed, DtlsFailed."""
        parsed = parse_answer(answer)
        await self._transport.connect(parsed)
        self._transport.hand_over()
        self.streams = [StreamCounters(media.ssrc, OPUS, 0) for media in parsed.media.values()]
        for stream in self.streams:
            self._shared.register(stream.ssrc)

    def report(self) -> None:
        """Send a receiver report."""
        for stream in self.streams:
            self._shared.update(stream)
        self._transport.send_rtcp(receiver_report(SSRC, [stream for stream in self.streams if stream.packets]))

    def check(self) -> None:
        """Renew the server's consent."""
        self._transport.check()

    async def close(self) -> None:
        """Close the transport."""
        await self._transport.close()

    # What comes before the shared socket takes over is of no interest.

    def rtp(self, data: memoryview, length: int, now: float) -> None:
        """Ignore a packet."""

    def rtcp(self, data: bytes, now: float) -> None:
        """Ignore a report."""

    def counts(self, _ssrc: int) -> bool:
        """Return True: nothing is decrypted."""
        return True

    def count(self, data: memoryview, length: int, now: float) -> None:
        """Ignore a packet."""
