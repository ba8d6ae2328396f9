"""Tests of the whole product; mirrors its packages."""
