"""Spreadsheets are exported and imported: faults by row, and nothing is written unless the preview still holds.

Also tests `devices.py`, `inventory.py`, `people.py`, `point_lookup.py`, `preview.py`, `rooms.py` and `units.py`.
"""

import csv
import io
import unicodedata
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from scheduler.booking.registration.service import Scheduler
from scheduler.directory.equipment.service import Equipment
from scheduler.directory.errors import PreviewStale
from scheduler.directory.import_export import people as import_export_people
from scheduler.directory.import_export.column_names import VIETNAMESE, title
from scheduler.directory.import_export.preview import ImportPlan
from scheduler.directory.import_export.service import TABLES, ImportExport, Kind
from scheduler.directory.people.service import People, PersonEntry
from scheduler.files import spreadsheet
from scheduler.files.errors import BadSheet
from scheduler.files.sandboxed_parser import SandboxedParser
from tests import bombs
from tests.fakes import parse_in_process
from tests.scheduler.conftest import PROFILES
from tests.scheduler.world import NOW

PEOPLE = """unit,point,role,name,phone,email,trained,valid_from,source
568,UBND.Nha Trang,technician,Lê Văn An,0905 123 456,,05/01/2023,2023-01-01,CV 12
so.tttt,,manager,Trần Thị Bình,0905123457,binh@khanhhoa.example,,,
"""


@pytest.fixture
def import_export(scheduler: Scheduler) -> ImportExport:
    return ImportExport(scheduler._engine, PROFILES, SandboxedParser(parse_in_process))


def changes(plan: ImportPlan) -> list[tuple[int, str, str]]:
    return [(step.row_number, step.what, step.text) for step in plan.steps if step.what != "same"]


async def faults(import_export: ImportExport, kind: Kind, text: str) -> list[tuple[int, str, str, str]]:
    with pytest.raises(BadSheet) as caught:
        await import_export.preview(kind, text.encode(), NOW)
    return [(fault.row_number, fault.column, fault.word, fault.value) for fault in caught.value.faults]


async def take(import_export: ImportExport, kind: Kind, data: bytes) -> list[tuple[int, str, str]]:
    plan = await import_export.preview(kind, data, NOW)
    assert changes(await import_export.carry_out(kind, data, plan.digest, NOW)) == changes(plan)
    return changes(plan)


@pytest.mark.parametrize("kind", list(TABLES))
@pytest.mark.parametrize("format_", ["csv", "xlsx"])
async def test_importing_an_export_changes_nothing(import_export: ImportExport, kind: Kind, format_: str) -> None:
    await take(import_export, "people", PEOPLE.encode())
    data = await import_export.export(kind, format_)  # type: ignore[arg-type]
    plan = await import_export.preview(kind, data, NOW)
    assert (changes(plan), len(plan.steps) >= 2) == ([], True)


async def test_people_are_added_and_changed(scheduler: Scheduler, import_export: ImportExport) -> None:
    assert await take(import_export, "people", PEOPLE.encode()) == [
        (2, "add", "Lê Văn An (568)"),
        (3, "add", "Trần Thị Bình (so.tttt)"),
    ]
    people = People(scheduler._engine, PROFILES)
    (an,) = await people.of("568")
    assert (an.phone, an.trained, an.point) == ("+84905123456", date(2023, 1, 5), "ubnd.nha-trang")
    changed = PEOPLE.replace("0905 123 456", "0905 123 999").encode()
    assert await take(import_export, "people", changed) == [
        (2, "change", "Lê Văn An: số điện thoại: +84905123456 → +84905123999")
    ]
    exported = (await import_export.export("people", "csv")).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(exported)))
    assert (len(rows), rows[0]["tên"], rows[-1]["tên"]) == (169, "", "Trần Thị Bình")


async def test_ux_defect_19_columns_have_vietnamese_titles_and_english_names_are_read_too(
    import_export: ImportExport,
) -> None:
    exported = (await import_export.export("people", "csv")).decode("utf-8-sig")
    titles = "đơn vị,điểm cầu,nhiệm vụ,tên,số điện thoại,thư điện tử,ngày đào tạo,từ ngày,văn bản"
    assert exported.splitlines()[0] == titles
    english = await import_export.preview("people", PEOPLE.encode(), NOW)
    rows = PEOPLE.partition("\n")[2]
    for head in (titles, titles.upper(), unicodedata.normalize("NFD", titles)):
        assert (await import_export.preview("people", f"{head}\n{rows}".encode(), NOW)).digest == english.digest
    columns = {column for table in TABLES.values() for column in table.columns}
    assert columns - set(VIETNAMESE) == set()


async def test_a_preview_that_is_no_longer_true_writes_nothing(
    scheduler: Scheduler, import_export: ImportExport
) -> None:
    people = People(scheduler._engine, PROFILES)
    plan = await import_export.preview("people", PEOPLE.encode(), NOW)
    assert await people.of() == []
    entry = PersonEntry("568", None, "technician", "Lê Văn An", "0905123456", "", None, date(2023, 1, 1), "")
    before = await people.add(entry, NOW)
    with pytest.raises(PreviewStale):
        await import_export.carry_out("people", PEOPLE.encode(), plan.digest, NOW)
    assert await people.of() == [before]


async def test_faults_are_reported_by_row(import_export: ImportExport) -> None:
    text = PEOPLE.replace("0905123457", "12").replace("05/01/2023", "31/02/2023").replace("568,UBND", "999,UBND")
    assert await faults(import_export, "people", text) == [
        (2, "unit", "unknown-unit", "999"),
        (2, "point", "unknown-point", "UBND.Nha Trang"),
        (2, "trained", "bad-day", "31/02/2023"),
        (3, "phone", "phone-format", "12"),
    ]
    assert await faults(import_export, "people", "unit,who\n") == [
        (1, "who", "unknown-column", "who"),
        *[(1, name, "missing-column", name) for name in map(title, import_export_people.COLUMNS[1:])],
    ]
    head = ",".join(TABLES["units"].columns)
    units = f"{head}\n22342,Phường Xương Huân,xa,568,,,,,\nx,X,quan,,,,,,\ny,Y,xa,z,,,,,\n568,NT,huyen,56,n,,,,\n"
    assert await faults(import_export, "units", units) == [
        (3, "level", "unknown-level", "quan"),
        (4, "parent", "unknown-parent", "z"),
        (5, "abbr", "bad-field", "String should match pattern '^[A-Z]{2}$'"),
    ]


async def test_the_inventory_of_devices(scheduler: Scheduler, import_export: ImportExport) -> None:
    head = ",".join(TABLES["devices"].columns)
    blank = dict.fromkeys(TABLES["devices"].columns, "")

    def table(*rows: dict[str, str]) -> bytes:
        return (head + "\n" + "\n".join(",".join({**blank, **row}.values()) for row in rows)).encode()

    first = {
        "point": "UBND.Ninh Hoa",
        "number": "1",
        "kind": "VCS",
        "asset_number": "TS-17",
        "address": "10.79.5.20",
        "codecs": "g.722 h.264",
        "port": "5062",
        "picture_kbps": "2500",
        "transport": "tls",
        "encryption": "Demanded",
        "sip_user": "2001**{PIN}",
        "media_addresses": "10.79.0.1 2001:db8::1",
    }
    second = {"point": "ubnd.ninh hoa", "kind": "pc", "stream_path": "/live"}
    assert [what for _, what, _ in await take(import_export, "devices", table(first, second))] == ["change", "add"]
    stock = await Equipment(scheduler._engine, PROFILES).devices("ubnd.ninh-hoa")
    assert [(d.media_addresses, d.picture_kbps, d.stream_path) for d in stock] == [
        ("10.79.0.1 2001:db8::1", 2500, ""),
        ("", None, "/live"),
    ]
    assert [(d.number, d.kind, d.asset_number, d.codecs, d.port, d.sip_user) for d in stock] == [
        (1, "VCS", "TS-17", "G722, H264", 5062, "2001**{PIN}"),
        (2, "PC", "", "", None, ""),
    ]
    assert [(device.transport, device.encryption) for device in stock] == [("TLS", "demanded"), ("", "off")]
    assert await take(import_export, "devices", await import_export.export("devices", "xlsx")) == []  # nothing differs
    wrong = table(
        {
            **second,
            "address": "10.79.5.20",
            "codecs": "?",
            "port": "65536",
            "auth_user": "a@b",
            "transport": "SCTP",
            "encryption": "on",
        },
        {**first, "number": "9"},
    ).decode()
    assert await faults(import_export, "devices", wrong) == [
        (2, "transport", "one-of", "UDP, TCP, TLS"),
        (2, "encryption", "one-of", "off, wished, exposed, demanded"),
        (2, "codecs", "codecs-format", "?"),
        (2, "port", "port-range", "65536"),
        (2, "auth_user", "sip-user-format", "a@b"),
        (3, "number", "unknown-device", "9"),
    ]


async def test_r023_a_district_exports_its_devices_and_those_of_its_communes(
    scheduler: Scheduler, import_export: ImportExport
) -> None:
    """Thị xã Ninh Hòa: its room and those of its 27 communes, and nobody else's."""
    equipment = Equipment(scheduler._engine, PROFILES)
    (device,) = await equipment.devices("ubnd.ninh-hoa")
    await equipment.describe(replace(device, kind="VCS", asset_number="TS-17", asset_year=2021), NOW)
    listed = list(csv.DictReader(io.StringIO((await import_export.inventory("568", "csv")).decode("utf-8-sig"))))
    assert {row["đơn vị"] for row in listed} >= {"Thành phố Nha Trang", "Phường Xương Huân"}
    ninh_hoa = next(unit.id for unit in await scheduler.units() if unit.name == "Thị xã Ninh Hòa")
    listed = list(csv.DictReader(io.StringIO((await import_export.inventory(ninh_hoa, "csv")).decode("utf-8-sig"))))
    assert len({row["điểm cầu"] for row in listed}) == 1 + 27
    own = [row for row in listed if row["đơn vị"] == "Thị xã Ninh Hòa"]
    assert [(r["điểm cầu"], r["số thứ tự"], r["số tài sản"], r["năm trang bị"]) for r in own] == [
        ("UBND.Ninh Hoa", "1", "TS-17", "2021")
    ]


async def test_rooms_are_described_by_names_of_today_or_before(import_export: ImportExport) -> None:
    head = ",".join(TABLES["rooms"].columns)
    text = f"{head}\nUBND.Nha Trang,,,46 Trần Phú,40,568,,\n"
    assert await take(import_export, "rooms", text.encode()) == [
        (2, "change", "UBND.Nha Trang: địa chỉ: – → 46 Trần Phú; số chỗ ngồi: – → 40; đơn vị quản lý: – → 568")
    ]
    assert await faults(import_export, "rooms", text.replace(",40,568", ",x,999")) == [
        (2, "seats", "bad-number", "x"),
        (2, "managing_unit", "unknown-unit", "999"),
    ]


COLUMNS = ("a", "b")
CELLS = st.text(st.characters(exclude_categories=["Cc", "Cf", "Cn", "Cs"]), max_size=9).map(str.strip)


PACKED = st.binary(max_size=200).map(lambda tail: b"PK\x03\x04" + tail)


@given(st.binary(max_size=400) | PACKED | st.text(max_size=200).map(str.encode))
def test_files_of_strangers_are_read_or_refused(data: bytes) -> None:
    try:
        rows = spreadsheet.read(data, COLUMNS)
    except BadSheet:
        return
    assert all(set(row) == set(COLUMNS) and any(row.values()) for _, row in rows)


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS, CELLS)), max_size=5))
def test_rows_written_as_csv_read_back_the_same(rows: list[dict[str, str]]) -> None:
    read = spreadsheet.read(spreadsheet.write_csv(COLUMNS, rows), COLUMNS)
    assert [row for _, row in read] == [row for row in rows if any(row.values())]


@pytest.mark.parametrize("name", bombs.TABLES)
def test_a_file_that_unpacks_to_much_is_refused(name: str) -> None:
    bomb = bombs.table(name)
    assert len(bomb) < 47_000
    with pytest.raises(BadSheet) as caught:
        spreadsheet.read(bomb, COLUMNS)
    assert [fault.word for fault in caught.value.faults] == ["not-a-table"]


def test_one_text_in_every_cell_is_refused() -> None:
    text = "x" * 2000
    with pytest.raises(BadSheet) as caught:
        spreadsheet.read(spreadsheet.write_xlsx(COLUMNS, [{"a": text, "b": text}] * 1001), COLUMNS)
    assert [fault.word for fault in caught.value.faults] == ["too-large"]


def test_no_cell_becomes_a_formula() -> None:
    data = spreadsheet.write_xlsx(COLUMNS, [{"a": "=1+1", "b": "+84905"}])
    assert [cell.data_type for cell in load_workbook(io.BytesIO(data)).worksheets[0][2]] == ["s", "s"]
    assert [row for _, row in spreadsheet.read(data, COLUMNS)] == [{"a": "=1+1", "b": "+84905"}]


def test_a_cell_with_characters_that_no_text_may_have_is_named() -> None:
    with pytest.raises(BadSheet) as caught:
        spreadsheet.read("a,b\r\nx,\x00\r\ny\u202e,z\r\n".encode(), COLUMNS)
    assert [(f.row_number, f.column, f.word) for f in caught.value.faults] == [
        (2, "b", "bad-characters"),
        (3, "a", "bad-characters"),
    ]


def test_what_xml_forbids_stands_in_no_cell() -> None:
    """A text that was stored before it was refused, or that a device said, keeps no list from being written."""
    data = spreadsheet.write_xlsx(COLUMNS, [{"a": "A\x00\x0bB\uffff", "b": "\ud800"}])
    assert [row for _, row in spreadsheet.read(data, COLUMNS)] == [{"a": "AB", "b": ""}]
