"""Loads what the offers to room systems of a make say: `scheduler/data/sip_profiles.yaml`."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

GENERIC = "generic"
PICTURE_KBPS = range(64, 3001)
"""What the picture of a room system may take either way; the most carries 1080p30 (Điều 6.3: lines of 4 Mbit/s)."""
FULL_HD_KBPS = 2400
"""From here on a device is offered 1080p30, whatever level its profile says."""
FILE = Path(__file__).parents[2] / "data" / "sip_profiles.yaml"


class SipProfile(BaseModel):
    """The offer to room systems of a make, as the file explains it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str
    transport: Literal["", "UDP", "TCP"]
    sounds: list[Literal["G722", "opus", "PCMA", "PCMU"]] = Field(min_length=1)
    modes: list[Literal[0, 1]] = Field(min_length=1)
    level: Literal[22, 30, 31, 40]
    kbps: int = Field(ge=PICTURE_KBPS.start, lt=PICTURE_KBPS.stop)
    simple: bool
    keys: Literal["SDES", "DTLS"]
    session_s: Annotated[int, Field(ge=90, le=86400)] | Literal[0] | None
    bfcp: Literal["off", "UDP", "TCP"]
    bfcp_version: Literal[1, 2]
    high: bool


@cache
def load() -> Mapping[str, SipProfile]:
    """Return the profiles by their words, in the order of the file."""
    return TypeAdapter(dict[str, SipProfile]).validate_python(yaml.safe_load(FILE.read_text("utf-8")))


def profile(word: str) -> SipProfile:
    """Return the profile of a device: the generic one where it has none, or one that is no longer shipped."""
    return load().get(word) or load()[GENERIC]
