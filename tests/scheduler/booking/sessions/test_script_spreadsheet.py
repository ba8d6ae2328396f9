"""A script as a spreadsheet reads back the same, with words in any case, and every faulty row is named."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.booking.sessions import script_spreadsheet
from scheduler.core import text
from scheduler.core.model import Point, ScriptItem
from scheduler.files import spreadsheet
from scheduler.files.errors import BadSheet

HOST = Point("ubnd.khanh-hoa", "UBND.Khanh Hoa", "UBND tỉnh Khánh Hòa", "568", "tinh", 1)
NHA_TRANG = Point("ubnd.nha-trang", "UBND.Nha Trang", "UBND thành phố Nha Trang", "569", "huyen", 1)
POINTS = (HOST, NHA_TRANG)
LAYOUTS = {"grid": "Lưới", "single": "Một hình", "1+7": "1+7"}
ITEMS = (
    ScriptItem("", "Khai mạc", None, "single", 5, "speech"),
    ScriptItem("", "=Báo cáo", "ubnd.nha-trang", "1+7", 15, "show"),
    ScriptItem("", "Giải lao", None, None, 10, "break"),
    ScriptItem("", "Thông qua nghị quyết", None, None, 5, "vote"),
    ScriptItem("", "Bầu trưởng ban", None, None, 5, "secret-vote"),
)
HEAD = "nội dung,hình thức,điểm cầu,bố cục,số phút\n"


def read(data: bytes) -> tuple[ScriptItem, ...]:
    return script_spreadsheet.read(spreadsheet.read(data, script_spreadsheet.COLUMNS), POINTS, HOST.id, LAYOUTS, 200)


def faults(text: str) -> list[tuple[int, str, str, str]]:
    with pytest.raises(BadSheet) as caught:
        read(text.encode())
    return [(fault.row_number, fault.column, fault.word, fault.value) for fault in caught.value.faults]


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_a34_an_exported_script_reads_back_the_same(format_: str) -> None:
    assert read(script_spreadsheet.write(ITEMS, POINTS, LAYOUTS, format_)) == ITEMS
    assert read(script_spreadsheet.write((), POINTS, LAYOUTS, format_)) == ()


def test_a34_a_table_is_written_as_people_write_it() -> None:
    written = script_spreadsheet.write(ITEMS, POINTS, LAYOUTS, "csv").decode("utf-8-sig").splitlines()
    assert written == [
        "nội dung,hình thức,điểm cầu,bố cục,số phút",
        "Khai mạc,Phát biểu,,Một hình,5",
        "'=Báo cáo,Trình chiếu,UBND.Nha Trang,1+7,15",
        "Giải lao,Giải lao,,,10",
        "Thông qua nghị quyết,Biểu quyết,,,5",
        "Bầu trưởng ban,Bỏ phiếu kín,,,5",
    ]


def test_a34_points_have_name_or_label_and_words_any_case() -> None:
    rows = (
        "Báo cáo;trinh chieu;ubnd thành phố nha trang;LUOI;7\n"
        "Đáp;;UBND.Nha Trang;single;8\n;;;;\nKết luận;;UBND.Khanh Hoa;;9\n"
    )
    assert read((HEAD.replace(",", ";") + rows).encode()) == (
        ScriptItem("", "Báo cáo", NHA_TRANG.id, "grid", 7, "show"),
        ScriptItem("", "Đáp", NHA_TRANG.id, "single", 8, "speech"),
        ScriptItem("", "Kết luận", None, None, 9, "speech"),
    )


def test_a34_every_fault_has_its_line_and_column() -> None:
    assert faults(HEAD + "A,hát,,,5\n,,UBND.Cam Ranh,5+5,0\nB,,,,mười\nC,,,,601\n") == [
        (2, "hình thức", "one-of", "Phát biểu, Trình chiếu, Thảo luận, Giải lao, Biểu quyết, Bỏ phiếu kín"),
        (3, "bố cục", "one-of", "Lưới, Một hình, 1+7"),
        (3, "nội dung", "required", ""),
        (3, "điểm cầu", "not-in-session", "UBND.Cam Ranh"),
        (3, "số phút", "minutes-range", "600"),
        (4, "số phút", "minutes-range", "600"),
        (5, "số phút", "minutes-range", "600"),
    ]
    assert faults(HEAD.replace("số phút", "phút")) == [
        (1, "phút", "unknown-column", "phút"),
        (1, "số phút", "missing-column", "số phút"),
    ]
    assert faults("%PDF")[0][2] == "unknown-column"


def test_a34_a_script_has_an_end() -> None:
    assert len(read((HEAD + "A,,,,1\n" * 100).encode())) == 100
    assert faults(HEAD + "A,,,,1\n" * 102) == [(102, "", "too-many", "100")]


@given(st.text(st.characters(codec="utf-8", categories=["L", "M", "N", "P", "S", "Zs"]), min_size=1, max_size=60))
def test_a34_titles_come_back_as_they_were(title: str) -> None:
    item = replace(ITEMS[0], title=text.clean(title) or "–")
    assert read(script_spreadsheet.write([item], POINTS, LAYOUTS, "csv")) == (item,)
