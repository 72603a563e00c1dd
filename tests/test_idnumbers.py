"""Identity numbers by GB 11643, and temporary numbers."""

from datetime import date, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from portal.rules import idnumbers
from portal.rules.idnumbers import BadNumber, Told

pytestmark = pytest.mark.one_engine

TODAY = date(2026, 11, 26)
VECTOR = "11010519491231002X"  # of the standard
BORN = st.dates(date(1900, 1, 1), TODAY)
DIVISIONS = st.sampled_from(["110105", "420102", "650104", "810000", "830000"])


def made(division: str, born: date, serial: int) -> str:
    """A number of somebody."""
    body = f"{division}{born:%Y%m%d}{serial:03}"
    return body + idnumbers.check_character(body)


def test_the_test_vector_of_the_standard() -> None:
    assert idnumbers.read(VECTOR, TODAY) == Told("110105", date(1949, 12, 31), "female")
    assert idnumbers.check_character(VECTOR[:17]) == "X"


@given(DIVISIONS, BORN, st.integers(0, 999))
def test_what_was_put_in_is_read_again(division: str, born: date, serial: int) -> None:
    told = idnumbers.read(made(division, born, serial), TODAY)
    assert told == Told(division, born, "male" if serial % 2 else "female")


@given(DIVISIONS, BORN, st.integers(0, 999), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(
    division: str, born: date, serial: int, place: int, more: int
) -> None:
    right = made(division, born, serial)
    digit = str((int(right[place]) + more) % 10)
    with pytest.raises(BadNumber, match="id_check_digit"):
        idnumbers.read(right[:place] + digit + right[place + 1 :], TODAY)


@given(DIVISIONS, BORN, st.integers(0, 999), st.integers(0, 15))
def test_two_digits_that_changed_places_are_always_noticed(
    division: str, born: date, serial: int, place: int
) -> None:
    right = made(division, born, serial)
    if right[place] == right[place + 1]:
        return
    swapped = right[:place] + right[place + 1] + right[place] + right[place + 2 :]
    with pytest.raises(BadNumber, match="id_check_digit"):
        idnumbers.read(swapped, TODAY)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("99010519491231002", "id_region"),
        ("11000019491231002", "id_region"),
        ("42010220230229001", "id_date"),  # 29 February of a common year
        ("42010218700101001", "id_date"),
        ("42010220271231001", "id_date"),  # not yet born
    ],
)
def test_numbers_that_fit_together_and_are_none_all_the_same(body: str, reason: str) -> None:
    number = body + idnumbers.check_character(body)
    with pytest.raises(BadNumber, match=reason):
        idnumbers.read(number, TODAY)


@pytest.mark.parametrize(
    "text", ["", "1" * 17, "1" * 19, "11010519491231002x", "1101051949123100²X", VECTOR + "\n"]
)
def test_what_is_not_18_characters_is_mistyped(text: str) -> None:
    with pytest.raises(BadNumber, match="id_check_digit"):
        idnumbers.read(text, TODAY)


def test_blanks_hyphens_and_a_small_x_are_tidied() -> None:
    assert idnumbers.tidy(" 110105 19491231-002x ") == VECTOR


def test_born_today_is_possible_and_tomorrow_is_not() -> None:
    assert idnumbers.read(made("420102", TODAY, 1), TODAY).birth_date == TODAY
    with pytest.raises(BadNumber, match="id_date"):
        idnumbers.read(made("420102", TODAY + timedelta(days=1), 1), TODAY)


def test_a_temporary_number_is_the_same_for_the_same_person_and_tells_nothing(app: Flask) -> None:
    with app.app_context():
        one = idnumbers.temporary("1|2", "张三", date(2001, 2, 3))
        assert one == idnumbers.temporary("1|2", "张三", date(2001, 2, 3))
        others = [
            idnumbers.temporary("1|3", "张三", date(2001, 2, 3)),
            idnumbers.temporary("1|2", "张三", None),
            idnumbers.temporary("1|2", "张四", date(2001, 2, 3)),
        ]
        assert len({one, *others}) == 4
        assert one.startswith("T") and len(one) == 13 and "20010203" not in one
