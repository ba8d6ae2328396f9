"""Feeds the recognizer process of a media worker with the sound of those who speak, and tells what is heard.

The event loop hands over sound, and never waits: what the process does not take in time is dropped, the oldest first,
and so is a speaker beyond :data:`MAX_SPEAKERS`. A process that ends is started again, and so is one that hangs: it has
not loaded its model in :data:`LOAD_S`, or reads nothing for :data:`READ_S` although sound waits.
"""

import asyncio
import json
import logging
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any

from mediaserver.api import Caption, CaptionsState, CaptionWord
from mediaserver.audio.mix_minus import PTIME_MS, SAMPLE_RATE, Samples
from mediaserver.captions.blocks import SPEAKERS, Block

logger = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "mediaserver.captions.recognizer_process")
MAX_SPEAKERS = 4
"""Speakers of a worker that are recognized at once. There is a worker for each core but one."""
BLOCK_TICKS = 5
"""Ticks of sound that are handed over together, 100 ms: a hand-over costs the same for one."""
MAX_BLOCKS = 80
"""Blocks that may wait for the process: two seconds of all speakers."""
PAUSE_S = 0.6
"""After so much silence a speaker's utterance is over."""
BEHIND_S = 5.0
"""So long after sound was dropped captions still count as incomplete."""
LOAD_S = 120.0
READ_S = 30.0
"""Long, since a process that gets no time is not helped by loading its model once more."""
BACKOFF_S = (0.5, 2.0, 10.0, 30.0)
"""Delays before the first, second … restart in a row; the last one repeats."""
MAX_TEXT = 300
"""Characters of an utterance that are told, the last ones."""


@dataclass
class _Speaker:
    number: int
    room: str
    seat: str
    seconds: float
    """Time of the room's clock at which the sound that waits begins."""
    last: float
    """Time at which the speaker was heard last."""
    sounds: list[Samples] = field(default_factory=list)


class Captioner:
    """Owns the recognizer process, which runs while a room has captions on. The event loop's thread alone touches it.

    `emit` takes events, `command` begins the command line of the process.
    """

    def __init__(self, emit: Callable[[Caption | CaptionsState], None], command: Sequence[str] = COMMAND) -> None:
        self._emit = emit
        self._command = command
        self._model = ""
        self._rooms: dict[str, CaptionWord] = {}
        """The rooms that have captions on, and what they were told of them last."""
        self._behind_until: dict[str, float] = {}
        """Time of each room's clock until which its captions count as incomplete."""
        self._speakers: dict[tuple[str, str], _Speaker] = {}
        self._named: dict[int, tuple[str, str]] = {}
        """Room and seat of each number whose sound may still be with the process."""
        self._next_number = 0
        self._blocks: deque[tuple[str, Block]] = deque()
        self._block_added = asyncio.Event()
        self._ready = asyncio.Event()
        """Whether the process has loaded its model."""
        self._running: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()
        """Tasks whose process is being ended."""
        # counters
        self._cpu_s = self._sound_s = self._dropped_s = 0.0

    @property
    def stats(self) -> dict[str, float]:
        """Return its counters: speakers now, seconds of sound recognized and dropped, seconds of CPU for that."""
        return {
            "caption_speakers": len(self._speakers),
            "caption_cpu_s": round(self._cpu_s, 3),
            "caption_sound_s": round(self._sound_s, 3),
            "caption_dropped_s": round(self._dropped_s, 3),
        }

    def start(self, room: str, model: str) -> None:
        """Switch a room's captions on; how they are is told again if they are on."""
        self._model = model
        self._rooms[room] = "on" if self._ready.is_set() else "away"
        self._emit(CaptionsState(room, self._rooms[room]))
        if self._running is None:
            self._running = asyncio.get_running_loop().create_task(self._run(), context=Context())  # it is of all rooms

    def stop(self, room: str) -> None:
        """Switch a room's captions off; the process of the last one ends."""
        self._rooms.pop(room, None)
        self._behind_until.pop(room, None)
        for key in [key for key in self._speakers if key[0] == room]:
            self._end(self._speakers[key])
        if not self._rooms and self._running is not None:
            self._running.cancel()
            self._ending.add(self._running)
            self._running.add_done_callback(self._ending.discard)
            self._running = None

    async def close(self) -> None:
        """End the process, and wait until it and those before it are gone."""
        for room in list(self._rooms):
            self.stop(room)
        await asyncio.gather(*self._ending, return_exceptions=True)

    def hear(self, room: str, sounds: Mapping[str, Samples], seconds: float) -> None:
        """Take the sound that a room mixes in a tick, by seat; `seconds` of the room's clock."""
        if not self._ready.is_set() or room not in self._rooms:
            return
        for seat, samples in sounds.items():
            self._hear_seat(room, seat, samples, seconds)
        for key in [key for key, each in self._speakers.items() if key[0] == room and seconds - each.last > PAUSE_S]:
            self._end(self._speakers[key])
        if self._rooms[room] == "behind" and seconds >= self._behind_until[room]:
            self._tell(room, "on")

    def _hear_seat(self, room: str, seat: str, samples: Samples, seconds: float) -> None:
        speaker = self._speakers.get((room, seat))
        if speaker is None:
            if len(self._speakers) >= MAX_SPEAKERS:
                self._dropped(room, seconds, PTIME_MS / 1000)
                return
            speaker = _Speaker(self._next_number, room, seat, seconds, seconds)
            self._next_number = (self._next_number + 1) % SPEAKERS
            self._speakers[room, seat] = speaker
            self._named[speaker.number] = room, seat
        if speaker.sounds and seconds - speaker.last > 1.5 * PTIME_MS / 1000:
            self._hand_over(speaker)  # what comes after a gap has a time of its own
        if not speaker.sounds:
            speaker.seconds = seconds
        speaker.last = seconds
        speaker.sounds.append(samples)
        if len(speaker.sounds) >= BLOCK_TICKS:
            self._hand_over(speaker)

    def _hand_over(self, speaker: _Speaker) -> None:
        sound = b"".join(each.tobytes() for each in speaker.sounds)
        speaker.sounds.clear()
        self._queue(speaker.room, Block(speaker.number, speaker.seconds, sound))

    def _end(self, speaker: _Speaker) -> None:
        if speaker.sounds:
            self._hand_over(speaker)
        del self._speakers[speaker.room, speaker.seat]
        self._queue(speaker.room, Block(speaker.number, speaker.last, b""))

    def _queue(self, room: str, block: Block) -> None:
        """Queue a block; the oldest with sound makes room where too many wait. A few without sound cost nothing."""
        if len(self._blocks) >= MAX_BLOCKS:
            oldest = next((each for each in self._blocks if each[1].sound), None)
            if oldest is not None:
                self._blocks.remove(oldest)
                self._dropped(oldest[0], block.seconds, len(oldest[1].samples) / SAMPLE_RATE)
        self._blocks.append((room, block))
        self._block_added.set()

    def _dropped(self, room: str, now: float, seconds: float) -> None:
        """Count dropped sound of a room, and tell that its captions are incomplete; `now` by its clock."""
        self._dropped_s += seconds
        self._behind_until[room] = now + BEHIND_S
        if self._rooms.get(room) == "on":
            logger.warning("x captions of %s leave out what is said", room)
            self._tell(room, "behind")

    def _tell(self, room: str, word: CaptionWord) -> None:
        self._rooms[room] = word
        self._emit(CaptionsState(room, word))

    async def _run(self) -> None:
        """Keep the process running."""
        failures = 0
        while True:
            try:
                failures = 0 if await self._run_process() else failures + 1
            except OSError as error:
                logger.error("x the recognizer of captions cannot be started: %s", error)
                failures += 1
            for room in self._rooms:
                self._tell(room, "away")
            await asyncio.sleep(BACKOFF_S[min(failures, len(BACKOFF_S) - 1)])

    async def _run_process(self) -> bool:
        """Run the process until it ends; return whether it had loaded its model. Raises OSError."""
        process = await asyncio.create_subprocess_exec(
            *self._command, self._model, stdin=PIPE, stdout=PIPE, start_new_session=True
        )
        try:
            loaded = await self._serve(process)
        finally:
            self._forget_all()
            assert process.stdin is not None and process.stdout is not None
            with suppress(ProcessLookupError):
                process.kill()
            process.stdin.close()
            with suppress(ConnectionError):
                await process.stdin.wait_closed()
            await process.stdout.read()
            await process.wait()
        logger.warning("x the recognizer of captions ended with status %s", process.returncode)
        return loaded

    async def _serve(self, process: Process) -> bool:
        """Feed a process and read what it says until it ends; return whether it had loaded its model."""
        assert process.stdout is not None
        feeding = asyncio.ensure_future(self._feed(process))
        loaded = False
        try:
            async for line in process.stdout:
                with suppress(ValueError):  # it was ended while it wrote
                    self._take(json.loads(line))
                loaded = loaded or self._ready.is_set()
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
        return loaded

    async def _feed(self, process: Process) -> None:
        """Write blocks to the process as fast as it reads them; kill it when it hangs."""
        assert process.stdin is not None
        process.stdin.transport.set_write_buffer_limits(high=0)
        # Its end is seen where its lines are read.
        with suppress(ConnectionError, ProcessLookupError):
            try:
                async with asyncio.timeout(LOAD_S):
                    await self._ready.wait()
                while True:
                    await self._write_blocks(process.stdin)
                    self._block_added.clear()
                    await self._block_added.wait()
            except TimeoutError:
                logger.error("x the recognizer of captions hangs")
                process.kill()

    async def _write_blocks(self, stdin: asyncio.StreamWriter) -> None:
        """Write the blocks that wait. Raises TimeoutError where they are not read, ConnectionError."""
        while self._blocks:
            _, block = self._blocks.popleft()
            stdin.write(block.encoded())
            async with asyncio.timeout(READ_S):
                await stdin.drain()

    def _take(self, facts: dict[str, Any]) -> None:
        """Take a line of the process."""
        if "ready" in facts:
            self._ready.set()
            for room in self._rooms:
                self._tell(room, "on")
        elif "heard" in facts:
            heard = facts["heard"]
            room, seat = self._named[heard["speaker"]]
            if room in self._rooms:
                utterance, text = f"{heard['speaker']}-{heard['utterance']}", heard["text"][-MAX_TEXT:]
                self._emit(Caption(room, seat, utterance, text, heard["start"], heard["end"], heard["final"]))
        elif "cost" in facts:
            self._cpu_s += facts["cost"]["cpu"]
            self._sound_s += facts["cost"]["sound"]

    def _forget_all(self) -> None:
        """Forget the sound of all speakers: a process is gone, and the next one begins anew."""
        self._ready.clear()
        self._speakers.clear()
        self._named.clear()
        self._blocks.clear()
