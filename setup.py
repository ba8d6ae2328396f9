"""The compiled loops of the media path. Without a compiler their Python twins do the work."""

from setuptools import Extension, setup

FLAGS = ["-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Wno-missing-field-initializers", "-Wno-cast-function-type"]
ARRAYS = [*FLAGS, "-O3"]
"""Loops over arrays are worth being unrolled."""

setup(
    ext_modules=[
        Extension("mediaserver._wire", ["mediaserver/_wire.c"], extra_compile_args=FLAGS, optional=True),
        Extension(
            "mediaserver._mix", ["mediaserver/_mix.c"], extra_compile_args=ARRAYS, libraries=["m"], optional=True
        ),
    ]
)
