"""Cells as clerks type them."""

from datetime import UTC, date, datetime

import pytest

from portal.rules.imports import cells
from portal.rules.imports.cells import Bad

pytestmark = pytest.mark.one_engine


def clean(cleaner, cell):
    """The value and the mended reasons of one cell."""
    notes = []
    return cleaner(cell, notes.append), sorted(set(notes))


@pytest.mark.parametrize(
    ("cell", "value", "mended"),
    [
        ("2026-01-05", date(2026, 1, 5), []),
        ("2026.1.5", date(2026, 1, 5), ["date_format"]),
        ("２０２６．１．５", date(2026, 1, 5), ["date_format", "full_width"]),
        ("2026年1月5日", date(2026, 1, 5), ["date_format"]),
        ("20260105", date(2026, 1, 5), ["date_format"]),
        (20260105.0, date(2026, 1, 5), ["date_format"]),
        (46027.0, date(2026, 1, 5), ["date_format"]),
        (datetime(2026, 1, 5, 8, 0, tzinfo=UTC), date(2026, 1, 5), []),
        (" 2026-01-05 ", date(2026, 1, 5), ["blank"]),
        ("—", None, ["blank"]),
        ("", None, []),
        (None, None, []),
    ],
)
def test_dates(cell, value, mended):
    assert clean(cells.day, cell) == (value, mended)


@pytest.mark.parametrize("cell", ["2026-02-30", "1.5.2026", "soon", "0001-01-01", "2026-1"])
def test_dates_that_are_none(cell):
    with pytest.raises(Bad, match="bad_date"):
        clean(cells.day, cell)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("13812345678", "13812345678"),
        ("138 1234 5678", "13812345678"),
        ("138-1234-5678", "13812345678"),
        ("１３８１２３４５６７８", "13812345678"),
        ("+86 138 1234 5678", "13812345678"),
        (13812345678.0, "13812345678"),
        ("027-82345678", "027-82345678"),
        ("02782345678", "027-82345678"),
        ("(027)82345678", "027-82345678"),
        ("0717-6234567", "0717-6234567"),
        ("027-82345678-101", "027-82345678-101"),
    ],
)
def test_private_phones_have_one_form(cell, value):
    assert clean(cells.phone(), cell)[0] == value


@pytest.mark.parametrize("cell", ["1381234567", "23812345678", "82345678", "110", "none"])
def test_private_phones_that_are_none(cell):
    with pytest.raises(Bad, match="bad_phone"):
        clean(cells.phone(), cell)


def test_public_phones_may_be_short():
    assert clean(cells.phone(public=True), "82345678") == ("82345678", [])
    assert clean(cells.phone(public=True), "12345") == ("12345", [])
    assert clean(cells.phone(public=True), "400 823 4567") == ("4008234567", ["phone_format"])


def test_a_masked_number_is_no_number():
    assert clean(cells.phone(), "138****5678") == (None, ["masked"])


def test_names_lose_blanks_but_foreign_ones_keep_one():
    assert clean(cells.person_name(60), " 张　三 ") == ("张三", ["blank", "full_width"])
    assert clean(cells.person_name(60), "Ana  Lima") == ("Ana Lima", ["blank"])
    with pytest.raises(Bad, match="too_long"):
        clean(cells.person_name(60), "王" * 61)


def test_codes_survive_but_lost_digits_are_refused():
    code = cells.code(r"\d{12}|\d{19}")
    assert clean(code, "４２０１０２００２９９０") == ("420102002990", ["full_width"])
    assert clean(code, 420102002990.0) == ("420102002990", [])
    with pytest.raises(Bad, match="digits_lost"):
        clean(code, 4201020029900103003.0)
    for cell in ("42010200299", "٤٢٠١٠٢٠٠٢٩٩٠"):
        with pytest.raises(Bad, match="bad_code"):
            clean(code, cell)


def test_numbers():
    number = cells.whole_number(0, 500)
    assert clean(number, "120户") == (120, ["number_format"])
    assert clean(number, 120.0) == (120, [])
    assert clean(number, "１２０") == (120, ["full_width"])
    for cell in ("-1", "501", "12.5", "many"):
        with pytest.raises(Bad, match="bad_number"):
            clean(number, cell)


def test_choices_and_flags_in_both_languages():
    choice = cells.choice({"gated": ("封闭小区",)})
    assert clean(choice, "Gated")[0] == clean(choice, " 封闭小区")[0] == "gated"
    with pytest.raises(Bad, match="bad_choice"):
        clean(choice, "castle")
    assert [clean(cells.flag, cell)[0] for cell in ("是", "Y", 1.0, True, "否", 0, "")] == [
        True,
        True,
        True,
        True,
        False,
        False,
        None,
    ]


def test_running_text_keeps_chinese_punctuation():
    assert clean(cells.text(80), "１号楼（东），甲") == ("1号楼（东），甲", ["full_width"])
    assert clean(cells.text(80), "a\u200b\x00b") == ("ab", ["blank"])


@pytest.mark.parametrize("value", ["=1+1", "+86", "-5", "@x", "\tx", "'=1", "''=1"])
def test_formulas_are_defused_and_come_back(value):
    assert cells.guard(value)[0] == "'"
    assert cells.unguard(cells.guard(value)) == value


@pytest.mark.parametrize("value", ["", "a=1", "O'Neill", "'quoted'"])
def test_harmless_text_is_left_alone(value):
    assert cells.guard(value) == cells.unguard(value) == value
