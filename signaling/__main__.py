"""The ``diemcau`` command."""

import gc
import runpy
import signal
import sys

from signaling.app.programs import PROGRAMS


def main() -> None:
    """Run the command that the arguments name."""
    if len(sys.argv) > 1 and sys.argv[1] in PROGRAMS:
        # Process 1 of a namespace (PrivatePIDs=) gets no signal that it does not handle, and a worker handles it later.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        program = PROGRAMS[sys.argv.pop(1)]
        runpy.run_module(program, run_name="__main__", alter_sys=True)
        return
    gc.disable()  # until all is imported (`settle`): looking for cycles in it takes a fifth of the time
    from signaling.app.commands import run  # noqa: PLC0415 - 90 MB and a second of CPU that a media worker does without

    run()


if __name__ == "__main__":
    main()
