"""A sound server without a sound card, for browsers that take the microphone of their system: PulseAudio."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MODULES = (
    "module-native-protocol-unix auth-anonymous=1",
    "module-null-sink sink_name=table rate=48000 channels=1",
    "module-remap-source source_name=microphone master=table.monitor",  # browsers offer no monitors
    "module-null-sink sink_name=loudspeaker rate=48000",
)


@contextmanager
def microphone(directory: Path, said: Path) -> Iterator[dict[str, str]]:
    """Run a sound server whose only microphone hears a sound file again and again, and whose loudspeaker nobody hears.

    It yields the environment in which programs find it; its files are in `directory`.
    """
    own = {"PULSE_RUNTIME_PATH": str(directory), "PULSE_STATE_PATH": str(directory)}
    found = {**os.environ, **own, "PULSE_SERVER": f"unix:{directory}/native"}
    start = ["pulseaudio", "-n", "--daemonize=yes", "--exit-idle-time=-1", "--disable-shm=yes", "--log-level=error"]
    subprocess.run([*start, *(f"--load={module}" for module in _MODULES)], env=found, check=True)  # ends once it runs
    heard = ["-re", "-stream_loop", "-1", "-i", str(said)]
    speak = ["ffmpeg", "-v", "error", *heard, "-f", "pulse", "-device", "table", "said"]
    try:
        with subprocess.Popen(speak, env=found) as speaker:
            try:
                yield found
            finally:
                speaker.terminate()
    finally:
        subprocess.run(["pulseaudio", "--kill"], env=found, check=True)
