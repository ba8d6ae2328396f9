"""Every named example of Điều 6.4 as the requirements read it, and properties of the grammar.

Also tests `point_names.py` and `seed.py`.
"""

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.policy import profile_files
from scheduler.units import naming, seed, units_file
from scheduler.units.naming import Names, device_names, fold, key, slug, split

PROFILES = profile_files.load()
POLICY = PROFILES.policies[-1]
NAMES = Names(POLICY)
LEVELS = {level.id: level for level in POLICY.levels}

# The grammar as written in one expression, independent of how the code is cut (all levels but the free one).
GRAMMAR = re.compile(
    r"^(?:UBND\.Khanh Hoa|UBND\.[A-Z][a-z]+(?: [A-Z][a-z]+)*"
    r"|(?:So|Ban|BQL|TTr)\.[A-Z][A-Za-z]*|[A-Z]{2}\.(?:[A-Z][a-z]*)+)"
    r"(?:\.(?:0[1-9]|[1-9][0-9]))?$"
)


@pytest.mark.parametrize(
    ("unit", "name"),
    [
        ("Thành phố Nha Trang", "UBND.Nha Trang"),
        ("Thành phố Cam Ranh", "UBND.Cam Ranh"),
        ("Thị xã Ninh Hòa", "UBND.Ninh Hoa"),
        ("Huyện Vạn Ninh", "UBND.Van Ninh"),
        ("Huyện Diên Khánh", "UBND.Dien Khanh"),
        ("Huyện Khánh Vĩnh", "UBND.Khanh Vinh"),
        ("Huyện Khánh Sơn", "UBND.Khanh Son"),
        ("Huyện Cam Lâm", "UBND.Cam Lam"),
        ("Huyện Trường Sa", "UBND.Truong Sa"),
        ("Huyện  Đắk   Tô", "UBND.Dak To"),
    ],
)
def test_district_names_keep_spaces(unit: str, name: str) -> None:
    assert NAMES.generate(LEVELS["huyen"], unit, None) == name
    assert NAMES.generate(LEVELS["huyen"], unicodedata.normalize("NFD", unit), None) == name


@pytest.mark.parametrize(
    ("unit", "abbr", "name"),
    [
        ("Phường Xương Huân", "NT", "NT.XuongHuan"),
        ("Xã Vạn Thạnh", "VN", "VN.VanThanh"),
        ("Phường Vạn Thạnh", "NT", "NT.VanThanh"),
        ("Xã Song Tử Tây", "TS", "TS.SongTuTay"),
        ("Thị trấn Vạn Giã", "VN", "VN.VanGia"),
        ("Xã Cam Phước Đông", "CR", "CR.CamPhuocDong"),
    ],
)
def test_commune_names_join_words(unit: str, abbr: str, name: str) -> None:
    assert NAMES.generate(LEVELS["xa"], unit, abbr) == name


def test_province_name_is_a_reserved_literal() -> None:
    assert NAMES.generate(LEVELS["ubt"], "UBND tỉnh Khánh Hòa", None) == "UBND.Khanh Hoa"
    for level in ("so", "huyen", "xa", "khac", "tw"):
        for name in ("UBND.Khanh Hoa", "ubnd.khanh  hoa", "UBND.Khánh Hòa"):
            assert not NAMES.valid(LEVELS[level], name), (level, name)


def test_departments_are_registered_never_computed() -> None:
    assert NAMES.generate(LEVELS["so"], "Sở Nội vụ", None) is None
    assert [NAMES.valid(LEVELS["so"], name) for name in ("So.NV", "So.NgV", "TTr.Tinh", "BQL.KKTVP")] == [True] * 4
    assert not NAMES.valid(LEVELS["so"], "NT.XuongHuan")


@pytest.mark.parametrize(
    "name",
    [
        "UBND.Nha Trang.2",
        "UBND.Nha Trang.1",
        "UBND.Nha Trang.00",
        "UBND.Nha Trang.001",
        "NT.Xuong Huan",
        "UBND.Nha  Trang",
        "",
    ],
)
def test_names_against_the_grammar(name: str) -> None:
    levels = [level for level in ("ubt", "so", "huyen", "xa") if NAMES.valid(LEVELS[level], name)]
    assert (levels, GRAMMAR.match(name)) == ([], None)


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("UBND.Khanh Hoa", "ubt"),
        ("So.TTTT", "so"),
        ("UBND.Nha Trang", "huyen"),
        ("UBND.Nha Trang.02", "huyen"),
        ("NT.XuongHuan", "xa"),
        ("Cang vu Hang hai Nha Trang", "khac"),
    ],
)
def test_tier_of_a_name(name: str, level: str) -> None:
    assert NAMES.valid(LEVELS[level], name)


def test_free_names_are_short_ascii_and_look_like_no_other() -> None:
    khac = LEVELS["khac"]
    assert NAMES.generate(khac, "Cảng vụ Hàng hải Nha Trang", None) == "Cang vu Hang hai Nha Trang"
    assert [NAMES.valid(khac, n) for n in ("A" * 40, "A" * 41, "So.NV", "NT.X", "Cảng", "a/b")] == [True] + [False] * 5


def test_a_commune_without_its_districts_abbreviation_has_no_name() -> None:
    assert NAMES.generate(LEVELS["xa"], "Xã Diên An", None) is None
    assert NAMES.generate(LEVELS["xa"], "Phường 1", "NT") is None


def test_device_names() -> None:
    assert device_names("UBND.Nha Trang", 1) == ("UBND.Nha Trang",)
    assert device_names("UBND.Nha Trang", 2) == ("UBND.Nha Trang.01", "UBND.Nha Trang.02")
    assert device_names("So.YT", 99)[-1] == "So.YT.99"
    for devices in (0, 100):
        with pytest.raises(ValueError, match=f"^{devices} devices$"):
            device_names("So.YT", devices)


def test_comparison_key() -> None:
    assert {key(n) for n in ("UBND.Khanh Hoa", "ubnd.khanh  hoa", " UBND.Khánh Hòa ")} == {"ubnd.khanh hoa"}
    assert fold("Đặc khu Trường Sa, đảo Sinh Tồn") == "Dac khu Truong Sa, dao Sinh Ton"


def test_account_slug() -> None:
    assert slug("UBND.Nha Trang.01") == "ubnd.nha-trang.01"
    assert slug("So.TTTT") == "so.tttt"


def test_labels() -> None:
    assert NAMES.label(LEVELS["huyen"], "Thành phố Nha Trang") == "UBND thành phố Nha Trang"
    assert NAMES.label(LEVELS["xa"], "Phường Xương Huân") == "UBND phường Xương Huân"
    assert NAMES.label(LEVELS["so"], "Sở Y tế") == "Sở Y tế"


def test_all_169_names_follow_from_the_rule() -> None:
    entries = json.loads(seed.khanh_hoa_2023())["units"]
    unnamed = [{k: v for k, v in e.items() if k != "point" or e["level"] == "so"} for e in entries]
    ruled = units_file.parse(json.dumps({"units": unnamed}), PROFILES)
    assert [r.point.name for r in ruled] == [e["point"] for e in entries]
    assert len({slug(r.point.name) for r in ruled}) == 169
    assert all(GRAMMAR.match(r.point.name) for r in ruled)
    assert all(NAMES.valid(LEVELS[e["level"]], r.point.name) for r, e in zip(ruled, entries, strict=True))
    counts = {level: sum(e["level"] == level for e in entries) for level in ("ubt", "so", "huyen", "xa")}
    assert counts == {"ubt": 1, "so": 20, "huyen": 9, "xa": 139}
    assert max((r.point.name for r in ruled if r.unit.level == "xa"), key=len) == "CR.CamPhuocDong"


@given(st.text())
def test_fold_and_key_are_stable(text: str) -> None:
    assert key(key(text)) == key(text)
    assert key(unicodedata.normalize("NFD", text)) == key(unicodedata.normalize("NFC", text))


@given(st.text(alphabet="UBNDSoKTa. 019Đư'-", max_size=30), st.sampled_from(sorted(LEVELS)))
def test_generated_names_are_valid_and_their_slugs_need_no_escaping(unit: str, level: str) -> None:
    name = NAMES.generate(LEVELS[level], unit, "NT")
    if name is not None:
        assert NAMES.valid(LEVELS[level], name)
        assert split(name) == (name, None)
        assert re.fullmatch(r"[a-z0-9.-]+", slug(name))


@given(st.from_regex(GRAMMAR, fullmatch=True).filter(lambda name: "\n" not in name and len(name) <= naming.MAX_BASE))
def test_every_name_of_the_grammar_has_a_level(name: str) -> None:
    assert any(NAMES.valid(LEVELS[level], name) for level in ("ubt", "so", "huyen", "xa"))
