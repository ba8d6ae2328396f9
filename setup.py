"""The compiled loops of the media path. Without a compiler their Python twins do the work."""

from setuptools import Extension, setup

FLAGS = ["-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Wno-missing-field-initializers", "-Wno-cast-function-type"]
ARRAYS = [*FLAGS, "-O3"]
"""Loops over arrays are worth being unrolled."""

NATIVE = "mediaserver/native"
PACKET_IO = [
    "clock",
    "counters",
    "datagram",
    "fan_out",
    "frame",
    "inbound_stream",
    "inbox",
    "keyframe",
    "module",
    "outbound_stream",
    "outbox",
    "packet",
    "peer_path",
    "temporal_layers",
    "voice_relay",
    "vp8",
]

setup(
    ext_modules=[
        Extension(
            "mediaserver._packet_io",
            [f"{NATIVE}/{name}.c" for name in PACKET_IO],
            depends=[f"{NATIVE}/native.h"],
            extra_compile_args=[*FLAGS, "-fvisibility=hidden"],
            optional=True,
        ),
        Extension("mediaserver._mix", [f"{NATIVE}/mix.c"], extra_compile_args=ARRAYS, libraries=["m"], optional=True),
    ]
)
