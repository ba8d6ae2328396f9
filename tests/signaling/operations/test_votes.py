"""Votes over REST: who reads which, and the protocol as PDF. Also tests `vote_protocol.py`."""

import io
from datetime import timedelta

from pypdf import PdfReader

from scheduler.operations.votes.model import Question, Voter
from tests.signaling.world import CAM_RANH, DIEN_KHANH, HOST, NHA_TRANG, NOW, World

LABELS = {HOST: "UBND tỉnh", NHA_TRANG: "UBND Nha Trang", CAM_RANH: "UBND Cam Ranh", DIEN_KHANH: "UBND Diên Khánh"}
VOTERS = [Voter(point, point, label) for point, label in LABELS.items()]
QUESTION = "Thông qua <dự toán> & quyết toán?"


async def closed(world: World, session: str, *, secret: bool, announced: bool = True) -> str:
    """Hold a vote in which three of four points vote; return its id."""
    votes = world.services.votes
    vote = await votes.open(session, Question(QUESTION, secret=secret), VOTERS, "host", NOW)
    for point, choice in ((HOST, 0), (CAM_RANH, 0), (NHA_TRANG, 1)):
        await votes.cast(vote.id, point, choice, aloud=point == NHA_TRANG and not secret)
    await votes.close(vote.id, "host", NOW + timedelta(minutes=2))
    if announced:
        await votes.announce(vote.id, NOW + timedelta(minutes=3))
    return vote.id


async def read(world: World, account: str, vote: str) -> tuple[int, str]:
    """Return the status of the protocol for an account, and its text on one line."""
    client = await world.signed_in(account)
    async with client.get(f"/api/v1/votes/{vote}/protocol") as response:
        if response.status != 200:
            return response.status, ""
        pages = PdfReader(io.BytesIO(await response.read())).pages
        return response.status, " ".join(" ".join(page.extract_text() for page in pages).split())


async def test_the_protocol_of_an_open_vote_says_who_voted_what(world: World) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH, DIEN_KHANH)
    vote = await closed(world, session.id, secret=False)
    status, text = await read(world, "nhatrang", vote)
    assert status == 200
    for said in (
        "BIÊN BẢN KIỂM PHIẾU",
        f"Nội dung biểu quyết: {QUESTION}",
        "Hình thức: công khai",
        "Bắt đầu: 08:00:00 ngày 06/04/2026; kết thúc: 08:02:00 ngày 06/04/2026; công bố: 08:03:00 ngày 06/04/2026",
        "Số điểm cầu được biểu quyết: 4; đã biểu quyết: 3; không biểu quyết: 1.",
        "Tán thành 2 50,0 % 66,7 %",
        "Kết quả: không phương án nào đạt đủ số phiếu.",
        "2 UBND Nha Trang Không tán thành (ghi theo lời nói)",
        "4 UBND Diên Khánh không biểu quyết",
        "CHỦ TRÌ",
    ):
        assert said in text, text
    assert [entry.action for entry in await world.audited(1)] == ["vote-protocol"]


async def test_the_protocol_of_a_secret_vote_says_who_has_voted_and_no_more(world: World) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH, DIEN_KHANH)
    _, text = await read(world, "host", await closed(world, session.id, secret=True))
    assert "bỏ phiếu kín (hệ thống không lưu phiếu của từng điểm cầu)" in text
    roll = text[text.index("Danh sách") :]
    assert "1 UBND tỉnh đã bỏ phiếu 2 UBND Nha Trang đã bỏ phiếu 3 UBND Cam Ranh đã bỏ phiếu" in roll
    assert "án thành" not in roll


async def test_a_cancelled_vote_is_read_by_who_takes_part_and_its_protocol_says_so(world: World) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH, DIEN_KHANH)
    votes = world.services.votes
    vote = await votes.open(session.id, Question(QUESTION), VOTERS, "host", NOW)
    await votes.cast(vote.id, HOST, 0)
    await votes.cancel(vote.id, "host", NOW + timedelta(minutes=1))
    client = await world.signed_in("nhatrang")
    async with client.get(f"/api/v1/sessions/{session.id}/votes") as response:
        (found,) = await response.json()
    assert [found[name] for name in ("cancelled", "counts", "outcome", "announced")] == [True, None, None, None]
    status, text = await read(world, "nhatrang", vote.id)
    assert status == 200
    assert "Kết quả: đã hủy, không kiểm phiếu." in text


async def test_a_vote_is_read_by_who_takes_part_once_it_is_announced(world: World) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH)
    hidden = await closed(world, session.id, secret=False, announced=False)
    shown = await closed(world, session.id, secret=True)
    for account, numbers in (("host", [1, 2]), ("central", [1, 2]), ("nhatrang", [2])):
        client = await world.signed_in(account)
        async with client.get(f"/api/v1/sessions/{session.id}/votes") as response:
            found = await response.json()
        assert [vote["number"] for vote in found] == numbers
        assert [voter["choice"] for voter in found[-1]["voters"]] == [None] * 4
        assert (found[-1]["counts"], found[-1]["outcome"]) == ([2, 1, 0], {"quorum": True, "adopted": None})
    assert [(await read(world, account, hidden))[0] for account in ("host", "nhatrang", "dienkhanh")] == [200, 404, 404]
    assert [(await read(world, account, shown))[0] for account in ("camranh", "dienkhanh")] == [200, 404]
