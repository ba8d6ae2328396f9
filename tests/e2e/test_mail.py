"""The page of letters: a letter that became a draft, the fields read from it, and the deadline of the reply."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from signaling.app import tls
from signaling.app.services import utc_now
from tests.e2e.people import People
from tests.e2e.server import MEDIA_PORT, admin, running
from tests.scheduler.inbound_mail.letters import OFFICE, VAN_NINH, letter
from tests.signaling.dovecot import PASSWORD, USER, dovecot

BODY = """UBND huyện Vạn Ninh đăng ký họp trực tuyến từ 14h00 đến 16h30 ngày 05/4/2027.
Nội dung: Giao ban tháng 4
Thành phần: UBND xã Vạn Phú, Hợp tác xã Vạn Lương
Đầu mối: Phạm Minh Đức 0987654321"""


VERIFIER = "mx.khanhhoa.gov.vn"
FORGED = f"{VERIFIER}; spf=fail smtp.mailfrom=x@evil.vn; dkim=none; dmarc=fail header.from=khanhhoa.gov.vn"


@contextmanager
def mail_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, browser: Browser, *letters: bytes) -> Iterator[Page]:
    """Put letters into the official mailbox; yield the page of letters once it shows them all."""
    tls.context(tmp_path / "tls", ("127.0.0.1",), utc_now())
    with dovecot(tmp_path / "tls" / "cert.pem", tmp_path / "tls" / "key.pem") as mailbox:
        monkeypatch.setenv("DIEMCAU_SMTP_URL", "smtp+plain://127.0.0.1:1")
        monkeypatch.setenv("DIEMCAU_MAIL_FROM", OFFICE)
        monkeypatch.setenv("DIEMCAU_MAIL_VERIFIER", VERIFIER)
        monkeypatch.setenv("DIEMCAU_IMAP_URL", f"imap+plain://{USER}:p%40ss%2Fword@127.0.0.1:{mailbox.port}")
        assert PASSWORD == "p@ss/word"
        for each in letters:
            mailbox.drop(each)
        data = tmp_path / "data"
        admin(data, "seed")
        admin(data, "mailbox", "571", VAN_NINH)
        with running(data, MEDIA_PORT + 100) as server:
            server.create("truc.ban", "--role", "technician")
            people = People(server)
            page = people.signed_in(browser, "truc.ban")
            while page.get_by_test_id("letter").count() < len(letters):
                page.goto(f"{server.http}post.html")
                expect(page.get_by_test_id("post-search")).to_be_visible()
            yield page
            people.leave()


def test_a_letter_is_read_confirmed_and_answered_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, red: Browser
) -> None:
    stranger = letter("ai.do@gmail.com", message_id="<2@x>")
    with mail_page(tmp_path, monkeypatch, red, stranger, letter(body=BODY)) as page:
        rows = page.get_by_test_id("letter")
        for place, fate in enumerate(("draft", "answered")):
            expect(rows.nth(place)).to_have_attribute("data-fate", fate)
        owed = page.get_by_test_id("owed")
        expect(owed).to_contain_text("Huyện Vạn Ninh")
        expect(owed).to_have_attribute("data-urgency", "calm")
        page.get_by_test_id("post-search").fill("van ninh")
        expect(rows).to_have_count(1)
        page.get_by_test_id("read").click()
        expect(page.get_by_test_id("letter-body")).to_contain_text("Giao ban tháng 4")
        expect(page.locator('[data-testid="understood"][data-field="points"]')).to_contain_text("UBND xã Vạn Phú")
        words = [each.get_attribute("data-word") for each in page.get_by_test_id("question").all()]
        assert words == ["unknown-point", "not-declared"]
        page.get_by_test_id("close").click()
        page.get_by_test_id("post-search").fill("khong co")
        page.get_by_test_id("letters-none").get_by_role("button").click()
        expect(rows).to_have_count(2)
        page.get_by_test_id("answer").click()
        expect(page.get_by_test_id("title")).to_have_value("Giao ban tháng 4")


def test_a_letter_that_may_be_forged_waits_until_its_unit_has_confirmed_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, red: Browser
) -> None:
    with mail_page(tmp_path, monkeypatch, red, letter(body=BODY, Authentication_Results=FORGED)) as page:
        row = page.get_by_test_id("letter")
        expect(row).to_have_attribute("data-fate", "person")
        expect(row).to_contain_text("chưa cấp số")
        expect(page.get_by_test_id("owed")).to_have_count(0)
        page.get_by_test_id("read").click()
        expect(page.get_by_test_id("quarantined")).to_contain_text("spf=fail (evil.vn)")
        page.get_by_test_id("accept").click()
        expect(page.locator('[data-testid="understood"][data-field="points"]')).to_contain_text("UBND xã Vạn Phú")
        expect(page.get_by_test_id("accept")).to_have_count(0)
        expect(row).to_have_attribute("data-fate", "draft")
        expect(page.get_by_test_id("owed")).to_contain_text("Huyện Vạn Ninh")
