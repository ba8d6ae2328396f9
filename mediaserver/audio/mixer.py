"""The sound of a room: mixes the loudest few open floors, with mix-minus for them and one mix for the rest."""

import logging
from collections.abc import Callable, Mapping

from mediaserver.api import RoomOptions
from mediaserver.audio import mix_minus
from mediaserver.audio.active_speaker import ActiveSpeaker
from mediaserver.audio.agc import EVERY_TICKS, Agc
from mediaserver.audio.echo_test import Echo
from mediaserver.audio.input import AudioInput
from mediaserver.audio.mix_encoder import MixEncoder
from mediaserver.audio.mix_minus import QUIETEST_DBOV, SILENT_DBOV, Samples, Sums
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.source import FlushQueue, Source
from mediaserver.throttled_log import ThrottledLog

logger = logging.getLogger(__name__)

STAY_DB = 6.0
"""Decibels by which a voice must be louder to take a mixed one's place."""


class Mixer:
    """Mixes a room's sound every 20 ms. `full` is the mix for everyone whose voice is not in it.

    In a room for trying devices nothing is mixed: each person with the floor hears themselves later.
    """

    def __init__(self, flush_queue: FlushQueue, options: RoomOptions) -> None:
        self._flush_queue = flush_queue
        self._most = options.mixed
        self.speaker = ActiveSpeaker(options.hold_s)
        self.voices: dict[str, AudioInput] = {}
        self._agcs: dict[str, Agc] = {}
        """Gain controls of all who had the floor, until they leave."""
        self._echo = Echo(options.echo_s) if options.echo_s else None
        self._full = MixEncoder("mix", flush_queue)
        self._without: dict[str, MixEncoder] = {}
        self.mixed: frozenset[str] = frozenset()
        """Seats whose voices are in the mix; each hears one without its own."""
        self.tap: Callable[[Mapping[str, Samples], int], None] | None = None
        """Called with the voices of each tick, one by one."""
        self._relayed: AudioInput | None = None
        """The seat whose packets were relayed to everyone in the last tick."""
        self._throttled_log = ThrottledLog(logger)
        self._tails: dict[str, Samples] = {}
        """Last sounds of closed floors."""
        self._until = 0
        """The first tick that :meth:`tick` must not skip."""
        self._skipped = 0
        """Ticks skipped since the last one that was not."""
        self._skipped_at = 0.0
        """Time in seconds of the last one."""
        self._relaying: str | None = None
        """The seat whose relay sends while ticks are skipped."""
        self._relay_from = 0
        """The first tick after which a relay may be started."""

    @property
    def full(self) -> Source:
        """The mix of everyone."""
        self._catch_up()
        return self._full.source

    @property
    def relays(self) -> bool:
        """Return whether a voice that is alone may be relayed undecoded, and nothing be sent in a silence.

        It is False while a receiver needs each 20 ms, or our FEC.
        """
        return self._full.pauses

    @relays.setter
    def relays(self, allowed: bool) -> None:
        if allowed != self._full.pauses:
            self._catch_up()
            self._full.pauses = allowed

    def open(self, seat: str, fader: float = 0.0) -> None:
        """Open the floor of a seat; `fader` is its gain in dB."""
        if seat not in self.voices:
            self._catch_up()
            self.voices[seat] = AudioInput(fader, self._agcs.setdefault(seat, Agc()))
            self._without[seat] = MixEncoder(f"minus:{seat}", self._flush_queue, pauses=True)

    def close(self, seat: str) -> None:
        """Close the floor of a seat; nothing it sends is decoded any more."""
        self._catch_up()
        voice = self.voices.pop(seat, None)
        if voice is not None and (tail := voice.tail()) is not None:
            self._tails[seat] = tail
        self._without.pop(seat, None)
        self.mixed -= {seat}
        self.speaker.forget(seat)

    def forget(self, seat: str) -> None:
        """Remove a seat: close its floor and forget its gain control."""
        self.close(seat)
        self._agcs.pop(seat, None)

    def amplify(self, seat: str, fader: float) -> None:
        """Set the gain of an open floor from the next tick on; `fader` in dB."""
        if seat in self.voices:
            self._catch_up()
            self.voices[seat].amplify(fader)

    def hear(self, seat: str, packet: Packet, now: float, codec: str = "opus") -> None:
        """Take a packet of a microphone; it counts only with an open floor. `now` in seconds."""
        voice = self.voices.get(seat)
        if voice is not None:
            if seat == self._relaying and not voice.relay.transits:
                self._relay_from = self._until  # its packets do not come by the inbox, or not in step
            self._catch_up()
            voice.add(packet, now, codec)

    def source_for(self, seat: str, codec: str = "opus") -> Source:
        """Return the source that a seat hears in `codec`: everyone but itself, or in an echo test itself alone."""
        self._catch_up()
        own = seat in self.mixed if self._echo is None else seat in self._without
        return (self._without[seat] if own else self._full).encoded(codec)

    def tick(self, tick: int, now: float) -> bool:
        """Mix 20 ms and push one packet to every mix somebody hears; return whether the speaker changed.

        Ticks that bring nothing but the next packet of a voice in step, or nothing at all, are skipped, and what they
        change is made up for later.
        """
        if tick < self._until and (self._relaying is None or self.voices[self._relaying].relay.tick(tick, now)):
            self._skipped, self._skipped_at = self._skipped + 1, now
            if tick % EVERY_TICKS == 0:
                self._level_out()
            return False
        self._catch_up()
        changed = self._run_tick(tick, now)
        self._skip(tick)
        return changed

    def _skip(self, tick: int) -> None:
        """Let the ticks after this one be skipped, up to the next that does more than this one."""
        voices = [(seat, voice) for seat, voice in self.voices.items() if not voice.rests]
        encoders = list(self._without.values()) if voices else [self._full, *self._without.values()]
        until = tick + 1 + min(each.silent_ticks for each in encoders)
        if until <= tick + 1 or self._echo is not None or self.tap is not None or self._tails:
            return
        if not voices and self.speaker.speaker is None and not self.mixed:
            self._until = until
        elif len(voices) == 1 and tick >= self._relay_from:
            self._start_relay(*voices[0], until)

    def _start_relay(self, seat: str, voice: AudioInput, until: int) -> None:
        started = self._relayed is voice is self._alone() and self.speaker.start_relay(voice.relay, seat)
        if started and self._full.start_relay(voice.relay) and voice.start_relay():
            self._full.source.feed_relay(voice.relay)
            self._relaying, self._until, voice.relay.until = seat, until, until

    def _level_out(self) -> None:
        for voice in self.voices.values():
            voice.level_out()
        if self._relaying is not None and self.voices[self._relaying].gain:
            self._catch_up()

    @property
    def levels(self) -> Mapping[str, float]:
        """Return the smoothed levels in dBov of everyone heard in the last tick, by seat."""
        return (
            self.speaker.levels if self._relaying is None else {self._relaying: self.voices[self._relaying].relay.level}
        )

    def _catch_up(self) -> None:
        """Make up for skipped ticks."""
        if not self._until:
            return
        relayed = None if self._relaying is None else self.voices[self._relaying]
        if relayed is not None and self._relaying is not None:
            for now, level in relayed.stop_relay():
                self.speaker.update({self._relaying: level}, now, among=self.mixed)
            self._full.stop_relay(relayed.relay)
        elif self._skipped:
            self.speaker.update({}, self._skipped_at, among=self.mixed)
            self._full.pause(self._skipped)
        for voice in self.voices.values():
            if voice is not relayed:
                voice.rest(self._skipped)
        for encoder in self._without.values():
            encoder.pause(self._skipped)
        self._until = self._skipped = 0
        self._relaying = None

    def _run_tick(self, tick: int, now: float) -> bool:
        alone = self._alone()
        levels: dict[str, float] = {}
        active: list[str] = []
        for seat, voice in self.voices.items():
            try:
                heard = voice.listen(now, mixed=seat in self.mixed, alone=voice is alone)
            except Exception:
                self._throttled_log.caught("x voice of %s", seat)
                continue
            if heard is not None:
                levels[seat] = heard
            if voice.active:
                active.append(seat)
        if tick % EVERY_TICKS == 0:
            self._level_out()
        changed = self.speaker.update(levels, now, among=self.mixed)
        self.mixed = frozenset(active if len(active) <= self._most else self._loudest(active))
        if alone is not None and alone.packet is not None:
            self._relay(alone.packet, tick)
            self._relayed = alone
        else:
            self._mix(levels, tick)
        return changed

    def _alone(self) -> AudioInput | None:
        """Return the only voice, if it may be relayed; a seat that opens its floor now is heard from the next tick on.

        A voice with a gain has to be decoded.
        """
        if not self.relays or self._echo is not None or len(self.mixed) != 1 or self._tails or self._full.converts:
            return None
        (seat,) = self.mixed
        voice = self.voices[seat]
        if voice.gain or self.speaker.levels.get(seat, QUIETEST_DBOV) <= SILENT_DBOV:
            return None
        return voice

    def _relay(self, packet: bytes, tick: int) -> None:
        self._full.relay(packet, tick)
        for encoder in self._without.values():
            encoder.push(None, tick)

    def _mix(self, levels: Mapping[str, float], tick: int) -> None:
        if self._relayed is not None:
            self._full.follow(self._relayed.last)
            self._relayed = None
        sounds = self._tails | {
            seat: samples
            for seat, voice in self.voices.items()
            if (samples := voice.sound(mixed=seat in self.mixed)) is not None
            and levels.get(seat, QUIETEST_DBOV) > SILENT_DBOV
        }
        self._tails = {}
        if self.tap is not None:
            self.tap(sounds, tick)
        if self._echo is None:
            self._push(sounds, tick)
        else:
            self._push_back(self._echo.turn(sounds), tick)

    def _loudest(self, active: list[str]) -> list[str]:
        """Return the voices to mix when there are too many. A mixed voice stays until another is clearly louder, or it
        is quiet for a second."""
        levels = self.speaker.levels
        active.sort(key=lambda seat: levels.get(seat, QUIETEST_DBOV) + STAY_DB * (seat in self.mixed), reverse=True)
        return active[: self._most]

    def _push(self, sounds: dict[str, Samples], tick: int) -> None:
        if not sounds:
            for encoder in (self._full, *self._without.values()):
                encoder.push(None, tick)
            return
        total, without = mix_minus.mix(sounds)
        self._full.push(total, tick)
        for seat, encoder in self._without.items():
            encoder.push(without.get(seat, total) if sounds.keys() - {seat} else None, tick)

    def _push_back(self, echoes: dict[str, Sums], tick: int) -> None:
        for seat, encoder in self._without.items():
            encoder.push(echoes.get(seat), tick)
