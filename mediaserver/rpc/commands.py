"""The commands of :class:`mediaserver.api.MediaEngine` for engines that pass them on by name, with their arguments.

Signatures and defaults stand in the protocol only: each command here is one line that names its method there.
"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec, TypeVar

from mediaserver.api import MediaEngine

P = ParamSpec("P")
R = TypeVar("R")


def _passed_on(
    method: Callable[Concatenate[MediaEngine, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate["EngineCommands", P], Coroutine[Any, Any, R]]:
    """Return a method with the signature of `method` that passes the command on (:meth:`EngineCommands._call`).

    Defaults are passed on, too, and mappings as dictionaries, which JSON can write.
    """
    signature = inspect.signature(method)

    async def command(self: "EngineCommands", /, *args: P.args, **kwargs: P.kwargs) -> R:
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        _, *arguments = bound.arguments.items()
        values = {name: dict(value) if isinstance(value, Mapping) else value for name, value in arguments}
        result: R = await self._call(method.__name__, **values)
        return result

    update_wrapper(command, method)
    return command


class EngineCommands(ABC):
    """Base of engines that pass commands on: to another process, or to the worker of a room.

    A subclass says where a command goes (:meth:`_call`), and overrides the commands for which it has to do more.
    """

    @abstractmethod
    async def _call(self, call: str, **arguments: Any) -> Any:
        """Pass a command on, by its name and arguments; return its result. Raises MediaError."""

    open_room = _passed_on(MediaEngine.open_room)
    close_room = _passed_on(MediaEngine.close_room)
    pipes = _passed_on(MediaEngine.pipes)
    open_pipe = _passed_on(MediaEngine.open_pipe)
    close_pipe = _passed_on(MediaEngine.close_pipe)
    share_room = _passed_on(MediaEngine.share_room)
    set_names = _passed_on(MediaEngine.set_names)
    add_seat = _passed_on(MediaEngine.add_seat)
    remove_seat = _passed_on(MediaEngine.remove_seat)
    connect = _passed_on(MediaEngine.connect)
    invite = _passed_on(MediaEngine.invite)
    accept = _passed_on(MediaEngine.accept)
    renegotiate = _passed_on(MediaEngine.renegotiate)
    reoffer = _passed_on(MediaEngine.reoffer)
    refresh_picture = _passed_on(MediaEngine.refresh_picture)
    descriptions = _passed_on(MediaEngine.descriptions)
    move_in = _passed_on(MediaEngine.move_in)
    try_keyframe = _passed_on(MediaEngine.try_keyframe)
    call_report = _passed_on(MediaEngine.call_report)
    play_prompt = _passed_on(MediaEngine.play_prompt)
    send_digits = _passed_on(MediaEngine.send_digits)
    move_camera = _passed_on(MediaEngine.move_camera)
    use_camera_preset = _passed_on(MediaEngine.use_camera_preset)
    select_camera_source = _passed_on(MediaEngine.select_camera_source)
    show_overlay = _passed_on(MediaEngine.show_overlay)
    set_floor = _passed_on(MediaEngine.set_floor)
    set_gain = _passed_on(MediaEngine.set_gain)
    set_layout = _passed_on(MediaEngine.set_layout)
    set_content = _passed_on(MediaEngine.set_content)
    refuse_share = _passed_on(MediaEngine.refuse_share)
    set_view = _passed_on(MediaEngine.set_view)
    start_recording = _passed_on(MediaEngine.start_recording)
    pause_recording = _passed_on(MediaEngine.pause_recording)
    record_voices = _passed_on(MediaEngine.record_voices)
    recorded = _passed_on(MediaEngine.recorded)
    stop_recording = _passed_on(MediaEngine.stop_recording)
    set_captions = _passed_on(MediaEngine.set_captions)
    lines = _passed_on(MediaEngine.lines)
    held = _passed_on(MediaEngine.held)
    room_state = _passed_on(MediaEngine.room_state)
    noted = _passed_on(MediaEngine.noted)
    keep = _passed_on(MediaEngine.keep)
    probe = _passed_on(MediaEngine.probe)
    stats = _passed_on(MediaEngine.stats)
