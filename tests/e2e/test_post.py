"""The desk's post: a letter that became a draft, what was read from it, and by when it is to be answered."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from signaling import tls
from signaling.record import utc_now
from tests.e2e.people import People
from tests.e2e.server import MEDIA_PORT, admin, running
from tests.scheduler.mailroom.letters import OFFICE, VAN_NINH, letter
from tests.signaling.dovecot import PASSWORD, USER, dovecot

TAKEN_MS = 10_000
BODY = """UBND huyện Vạn Ninh đăng ký họp trực tuyến từ 14h00 đến 16h30 ngày 05/4/2027.
Nội dung: Giao ban tháng 4
Thành phần: UBND xã Vạn Phú, Hợp tác xã Vạn Lương
Đầu mối: Phạm Minh Đức 0987654321"""


def test_a_letter_is_read_confirmed_and_answered_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, red: Browser
) -> None:
    tls.context(tmp_path / "tls", ("127.0.0.1",), utc_now())
    with dovecot(tmp_path / "tls" / "cert.pem", tmp_path / "tls" / "key.pem") as box:
        monkeypatch.setenv("DIEMCAU_SMTP_URL", "smtp+plain://127.0.0.1:1")
        monkeypatch.setenv("DIEMCAU_MAIL_FROM", OFFICE)
        monkeypatch.setenv("DIEMCAU_IMAP_URL", f"imap+plain://{USER}:p%40ss%2Fword@127.0.0.1:{box.port}")
        assert PASSWORD == "p@ss/word"
        box.drop(letter("ai.do@gmail.com", message_id="<2@x>"))
        box.drop(letter(body=BODY))
        data = tmp_path / "data"
        admin(data, "seed")
        admin(data, "mailbox", "571", VAN_NINH)
        with running(data, MEDIA_PORT + 100) as server:
            server.create("truc.ban", "--role", "technician")
            people = People(server)
            page = people.sign_in(red, "truc.ban")
            rows = page.get_by_test_id("letter")
            while rows.count() < 2:
                page.goto(f"{server.http}post.html")
                expect(page.get_by_test_id("post-search")).to_be_visible(timeout=TAKEN_MS)
            assert [row.get_attribute("data-fate") for row in rows.all()] == ["draft", "answered"]
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
            page.get_by_test_id("post-search").fill("")
            page.get_by_test_id("answer").click()
            expect(page.get_by_test_id("title")).to_have_value("Giao ban tháng 4")
            people.leave()
