"""Tests that the places of a command to the media engine agree: protocol, commands passed on, and the engine itself.

Also tests `reply_check.py`.
"""

import inspect
from types import MappingProxyType
from typing import Any

import pytest

from mediaserver.api import EVERYONE, Layout, MediaEngine
from mediaserver.rpc import protocol
from mediaserver.rpc.client import RemoteEngine
from mediaserver.rpc.commands import EngineCommands
from mediaserver.worker.engine import LocalEngine
from tests.fakes import FakeEngine


class CommandLog(EngineCommands):
    """An engine that notes the commands that are passed on."""

    def __init__(self) -> None:
        self.commands: list[tuple[str, dict[str, Any]]] = []

    async def _call(self, call: str, **arguments: Any) -> Any:
        self.commands.append((call, arguments))
        return 7.5


def test_every_command_of_the_protocol_is_passed_on_and_no_other() -> None:
    assert {name for name in vars(EngineCommands) if not name.startswith("_")} == protocol.CALLS.keys()


@pytest.mark.parametrize("engine", [EngineCommands, RemoteEngine, LocalEngine, FakeEngine])
def test_every_engine_takes_the_arguments_of_the_protocol(engine: type) -> None:
    for call in protocol.CALLS:
        declared = inspect.signature(getattr(MediaEngine, call))
        assert inspect.signature(getattr(engine, call)) == declared, call


async def test_a_command_passes_its_name_with_all_arguments_and_returns_the_result() -> None:
    engine = CommandLog()
    assert await engine.recorded("r") == 7.5
    await engine.set_layout("r", Layout("single"))
    await engine.set_layout(room="r", layout=None, audience="host")
    assert engine.commands == [
        ("recorded", {"room": "r"}),
        ("set_layout", {"room": "r", "layout": Layout("single"), "audience": EVERYONE}),
        ("set_layout", {"room": "r", "layout": None, "audience": "host"}),
    ]


async def test_a_mapping_is_passed_on_as_a_dictionary_that_json_can_write() -> None:
    engine = CommandLog()
    await engine.set_names("r", "Họp", MappingProxyType({"a": "Sở Y tế"}))
    ((_, arguments),) = engine.commands
    assert type(arguments["names"]) is dict
    assert arguments == {"room": "r", "title": "Họp", "names": {"a": "Sở Y tế"}}
