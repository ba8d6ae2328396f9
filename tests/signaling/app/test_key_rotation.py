"""`diemcau admin rotate-code-key` encrypts codes, secrets and files with a new key, and is repeated after a crash.

Also tests `scheduler/core/key_rotation.py`.
"""

import io
import os
from argparse import ArgumentParser
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mediaserver.recording import encrypted_file
from mediaserver.recording.encrypted_file import REWRAP_SUFFIX
from mediaserver.recording.files import rename_synced
from scheduler.core.database import writing
from scheduler.webhooks import outbox
from scheduler.webhooks.outbox import Webhook
from signaling.app import admin_cli, key_rotation
from signaling.app.services import Services, open_services
from signaling.app.settings import Settings
from signaling.audit.log import EntryFilter
from signaling.cascade.model import Neighbour
from signaling.core.errors import SettingsError
from signaling.http.idempotency import Keyed, StoredResponse
from tests.signaling.world import NHA_TRANG, NOW, open_world

ROOT = Path(__file__).parents[3]
DOCUMENT, TRACKS, LARGE = b"%PDF-1.7\nmot tai lieu", b"tracks", os.urandom((1 << 20) + 5)
REQUEST = Keyed("central", "k1", "f")


async def rotate(settings: Settings, *options: str) -> None:
    """Rotate the key as an administrator does."""
    parser = ArgumentParser()
    admin_cli.add_arguments(parser)
    await admin_cli.run(settings, parser.parse_args(["rotate-code-key", *options]))


async def fill(settings: Settings) -> str:
    """Store one of everything that is encrypted; return the id of the session."""
    async with open_world(settings) as world:
        services = world.services
        session = await world.session(NHA_TRANG)
        cipher = services.cipher
        for path, content in ((settings.documents / "d1", DOCUMENT), (settings.recordings / "s1" / "1.mp4", LARGE)):
            path.parent.mkdir(parents=True, exist_ok=True)
            cipher.write(path, io.BytesIO(content))
        recording = settings.recordings / "s1" / "2.mp4"
        cipher.for_making(recording).write(recording.with_suffix(".tracks"), io.BytesIO(TRACKS))
        (settings.recordings / "s1" / "3.mp4").write_bytes(b"plain")
        await services.neighbours.add_below(Neighbour("xa", NHA_TRANG, url="https://xa.vn"), "khoa", NOW)
        await services.webhooks.add(Webhook("w", "https://127.0.0.1/", ("code.issued",), NOW, "admin"), "secret before")
        async with writing(services.database) as db:
            await outbox.rotate(db, "w", "secret", NOW)
        later = NOW + timedelta(minutes=5)
        await services.factors.add_pending_totp("p", "central", b"0123456789abcdefghij", NOW, later)
        assert await services.factors.add_totp("p", "central", "", 1, ["ma-1", "ma-2"], NOW) is not None
        await services.factors.add_pending_totp("half-way", "central", b"0123456789abcdefghij", NOW, later)

        async def carry_out() -> StoredResponse:
            return StoredResponse(200, '{"code": 1}')

        await services.idempotency.once(REQUEST, NOW, carry_out, lambda _: None)
        return session.id


async def check(settings: Settings, session: str, services: Services) -> None:
    """Check that everything can be read that was stored, and that no recovery code is left."""
    found = await services.scheduler.session(session)
    assert found.code is not None and await services.scheduler.by_code(found.code) == found
    for path, content in ((settings.documents / "d1", DOCUMENT), (settings.recordings / "s1" / "1.mp4", LARGE)):
        with services.cipher.open(path, require_encrypted=True) as file:
            assert file.read() == content
    recording = settings.recordings / "s1" / "2.mp4"
    with services.cipher.for_making(recording).open(recording.with_suffix(".tracks"), True) as file:
        assert file.read() == TRACKS
    assert (settings.recordings / "s1" / "3.mp4").read_bytes() == b"plain"
    assert await services.neighbours.key("xa") == "khoa"
    async with services.database.connect() as db:
        assert await outbox.secrets_of(db, "w", NOW) == ["secret", "secret before"]
    assert await services.factors.totp("central") == (b"0123456789abcdefghij", 1)
    assert not await services.factors.use_recovery_code("central", "ma-1")
    assert await services.factors.pending_totp("half-way", "central", NOW) is None

    async def never() -> StoredResponse:
        raise AssertionError

    again = await services.idempotency.once(REQUEST, NOW, never, lambda _: None)
    assert (again.text, again.replayed) == ('{"code": 1}', True)
    assert not list(settings.data.rglob(f"*{REWRAP_SUFFIX}"))


async def test_everything_is_readable_by_the_new_key_alone(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    session = await fill(settings)
    key = settings.data / "code.key"
    before = key.read_bytes()
    await rotate(settings, "--yes")
    assert capsys.readouterr().out.splitlines()[2:] == [
        "3 files and all codes and secrets have the new key",
        "1 accounts need new recovery codes",
    ]
    assert (key.read_bytes() == before, (settings.data / "code.key.next").exists()) == (False, False)
    assert key.stat().st_mode & 0o777 == 0o600
    async with open_services(settings) as services:
        await check(settings, session, services)
        newest = (await services.audit.newest(EntryFilter(action="admin"), 1))[0].entry
        assert (newest.action, newest.subject) == ("admin", "rotate-code-key")


async def test_recovery_codes_end_only_where_the_operator_says_so(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await fill(settings)
    key = settings.data / "code.key"
    before = key.read_bytes()
    asked = "The recovery codes of 1 accounts end; who signs in is asked to make new ones.\nType yes to go on: "
    for typed in ("", "no\n", "y\n"):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        with pytest.raises(SettingsError, match="nothing was changed"):
            await rotate(settings)
        assert capsys.readouterr().out == asked
    assert (key.read_bytes(), (settings.data / "code.key.next").exists()) == (before, False)
    async with open_services(settings) as services:
        assert (await services.factors.factors("central")).recovery_codes == 2
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    await rotate(settings)
    assert capsys.readouterr().out.startswith(f"{asked}files\n")
    async with open_services(settings) as services:
        await check(settings, session, services)
    await rotate(settings)  # nobody has codes by now, and nothing is asked


@pytest.mark.parametrize("place", ["header", "journal", "tables", "rename"])
async def test_an_interrupted_rotation_is_repeated_and_no_server_starts_before(
    settings: Settings, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await fill(settings)
    before = (settings.data / "code.key").read_bytes()

    class Crash(Exception):
        pass

    def crash(*_: object) -> None:
        raise Crash

    with monkeypatch.context() as broken:
        if place == "header":
            broken.setattr(encrypted_file, "_replace_header", crash)
        elif place == "journal":
            write = Path.unlink
            broken.setattr(
                Path, "unlink", lambda path, **o: crash() if path.suffix == REWRAP_SUFFIX else write(path, **o)
            )
        elif place == "tables":
            broken.setattr(key_rotation, "_rotate_tables", crash)
        else:
            broken.setattr(
                key_rotation,
                "rename_synced",
                lambda fresh, path: crash() if path.name == "code.key" else rename_synced(fresh, path),
            )
        with pytest.raises(Crash):
            await rotate(settings, "--yes")
    assert (settings.data / "code.key").read_bytes() == before
    with pytest.raises(SettingsError, match="rotate-code-key"):
        async with open_services(settings):
            pass
    await rotate(settings)
    async with open_services(settings) as services:
        await check(settings, session, services)


async def test_a_key_of_the_environment_is_not_rotated(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="DIEMCAU_CODE_KEY"):
        await rotate(replace(settings, code_key=bytes(32)))
    with pytest.raises(SettingsError, match=r"no code\.key"):
        await rotate(replace(settings, data=settings.data / "other"))


def test_all_that_is_encrypted_by_the_key_is_rotated() -> None:
    used = {
        path.relative_to(ROOT).as_posix()
        for package in ("scheduler", "signaling")
        for path in (ROOT / package).rglob("*.py")
        if "cipher_of(" in path.read_text("utf-8") and path.name not in {"code_encryption.py"}
    }
    rotated = {
        "scheduler/directory/equipment/sip_secrets.py",
        "scheduler/webhooks/outbox.py",
        "signaling/accounts/second_factor_store.py",
        "signaling/http/idempotency.py",
        "signaling/cascade/store.py",
    }
    assert used == rotated | {"scheduler/booking/sessions/store.py"}
