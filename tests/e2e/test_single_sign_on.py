"""An administrator signs in by the province's provider, approves what a colleague asked for, and signs out everywhere.

The provider is the tests' own, at another site by HTTPS; the server is a world of `tests/signaling`.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from signaling.accounts.sso.settings import SsoSettings
from signaling.app.settings import Settings
from tests.e2e.world_server import Loop
from tests.signaling.accounts.sso.provider import provider
from tests.signaling.booking.approval_calls import asked, state
from tests.signaling.conftest import _no_first_round, _own_time, prepared, settings, valkey_url  # noqa: F401 - fixtures
from tests.signaling.world import NOW, open_world


@pytest.fixture
def loop() -> Iterator[Loop]:
    """Run a loop for the server and the provider."""
    running = Loop()
    yield running
    running.close()


def test_a_second_person_of_the_province_approves(loop: Loop, settings: Settings, tmp_path: Path, red: Browser) -> None:  # noqa: F811
    with loop.entered(provider(tmp_path / "provider", lambda: NOW)) as theirs:
        theirs.person = {
            "sub": "s-1",
            "preferred_username": "an.nguyen",
            "name": "Nguyễn Văn An",
            "groups": ["/quan-tri"],
        }
        sso = SsoSettings.model_validate({"oidc": theirs.settings()})
        with loop.entered(open_world(replace(settings, sso=sso))) as world:
            central, _, victim, _ = loop.do(asked(world))
            ours = f"http://localhost:{world.http.port}/"
            context = red.new_context(ignore_https_errors=True, viewport={"width": 1280, "height": 800})
            page = context.new_page()
            page.goto(f"{ours}index.html?next=queue.html")
            page.get_by_test_id("provider").click()
            page.get_by_role("link", name="Đồng ý").click()

            approval = page.get_by_test_id("approval")
            expect(approval).to_contain_text("central")
            expect(approval).to_contain_text(victim["number"])
            expect(approval.get_by_test_id("approval-emergency")).to_have_count(0)
            expect(page.get_by_test_id("me")).to_have_text("Nguyễn Văn An")
            approval.get_by_test_id("approval-approve").click()
            page.get_by_role("dialog").get_by_role("button", name="Duyệt").click()
            expect(approval).to_have_count(0)
            assert loop.do(state(central, victim)) == "revoked"

            page.get_by_test_id("profile-menu").click()
            page.get_by_test_id("sign-out").click()
            expect(page.get_by_test_id("left")).to_be_visible()
            page.get_by_test_id("leave-provider").click()
            expect(page.get_by_test_id("provider")).to_be_visible()
            expect(page.get_by_test_id("left")).to_have_count(0)
            assert theirs.asked[-1] == "logout"
            context.close()
