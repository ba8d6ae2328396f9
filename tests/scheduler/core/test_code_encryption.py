"""Codes at rest are looked up by marks, and decrypted only with the key (R-051)."""

import os
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from scheduler import migrations
from scheduler.booking.registration.service import Scheduler
from scheduler.core import database
from scheduler.core.code_encryption import EPHEMERAL, KEY_BYTES, CodeCipher
from scheduler.core.errors import LostKey
from scheduler.core.model import Amount, State
from tests.scheduler.conftest import PROFILES
from tests.scheduler.world import CIPHER, NOW, REQUEST

CODES = st.text("0123456789", min_size=9, max_size=18)
KEYS = st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES)


@given(KEYS, CODES, st.text(max_size=32))
def test_an_encrypted_code_decrypts_for_its_session_only(key: bytes, code: str, session: str) -> None:
    cipher = CodeCipher(key)
    encrypted = cipher.encrypt(code, session)
    assert (cipher.decrypt(encrypted, session), code in encrypted) == (code, False)
    assert encrypted != cipher.encrypt(code, session)
    for other, owner in ((cipher, session + "x"), (CodeCipher(os.urandom(KEY_BYTES)), session)):
        with pytest.raises(LostKey):
            other.decrypt(encrypted, owner)


@given(KEYS, CODES, CODES)
def test_marks_differ_for_different_codes_and_keys(key: bytes, code: str, other: str) -> None:
    cipher = CodeCipher(key)
    assert len(cipher.mark(code)) == 18
    assert (cipher.mark(code) == cipher.mark(other)) == (code == other)
    assert cipher.mark(code) != CodeCipher(os.urandom(KEY_BYTES)).mark(code)


@given(st.text(max_size=80))
def test_text_that_was_never_encrypted_is_not_decrypted(text: str) -> None:
    with pytest.raises(LostKey):
        EPHEMERAL.decrypt(text, "s1")


def test_a_key_has_its_length() -> None:
    with pytest.raises(LostKey):
        CodeCipher(b"short")


async def test_a_stolen_database_has_no_code_and_a_lost_key_is_reported(seeded_url: str) -> None:
    engine = database.connect(seeded_url, CodeCipher(bytes(KEY_BYTES)))
    scheduler = Scheduler(engine, PROFILES, Amount(20, 250))
    session = await scheduler.submit(REQUEST, NOW)
    cancelled = await scheduler.submit(REQUEST, NOW)
    assert session.code and cancelled.code
    await scheduler.cancel(cancelled.id, NOW)
    async with engine.begin() as db:
        rows = [*(await db.execute(sa.text("SELECT * FROM codes ORDER BY died"))).all()]
        rows += (await db.execute(sa.text("SELECT * FROM sessions"))).all()
        left = (await db.execute(sa.text("SELECT count(*) FROM codes WHERE sealed IS NOT NULL"))).scalar_one()
    text = repr([tuple(row) for row in rows])
    assert (session.code in text, cancelled.code in text, left) == (False, False, 1)
    await scheduler.check_code_key()
    await engine.dispose()
    stolen = database.connect(seeded_url, CodeCipher(b"\1" * KEY_BYTES))
    with pytest.raises(LostKey, match=r"code\.key"):
        await Scheduler(stolen, PROFILES, Amount(20, 250)).check_code_key()
    await stolen.dispose()


async def test_existing_codes_are_encrypted_by_the_migration(seeded_url: str) -> None:
    def down(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))
        config.attributes["connection"] = connection
        command.downgrade(config, "0016")

    engine = database.connect(seeded_url, CIPHER)
    scheduler = Scheduler(engine, PROFILES, Amount(20, 250))
    session = await scheduler.submit(REQUEST, NOW)
    async with database.writing(engine) as db:
        await db.run_sync(down)
        assert (await db.execute(sa.text("SELECT code FROM codes"))).scalars().all() == [session.code]
    await migrations.migrate(engine)
    found = await scheduler.by_code(session.code or "")
    assert (found.id, found.code, found.state) == (session.id, session.code, State.ISSUED)
    await engine.dispose()
