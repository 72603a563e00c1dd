"""The default catalogue: loaded once, never over what people changed."""

import csv

import pytest
from sqlalchemy import func, select

from portal.models import Duty, Hotline, PostRole, Regulation, Setting
from portal.rules.defaults import FOLDER, community_hotlines, load_defaults, parse_count


def lines(name):
    """Rows of a default file."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_line_of_the_files_is_there(session):
    assert set(session.scalars(select(Duty.code))) == {x["code"] for x in lines("duties.csv")}
    assert set(session.scalars(select(PostRole.code))) == {x["role"] for x in lines("posts.csv")}
    national = {x["number"] for x in lines("hotlines.csv") if x["scope"] == "national"}
    found = select(Hotline.number).where(Hotline.scope == "national")
    assert set(session.scalars(found)) == national
    assert session.scalar(select(func.count()).select_from(Regulation)) == 14
    assert session.scalar(select(Regulation.text).where(Regulation.code == "R02")).count("\n") == 4


def test_again_changes_nothing(session):
    assert set(load_defaults(session).values()) == {0}
    assert not session.dirty


def test_what_people_changed_or_removed_stays_so(session):
    duty = session.scalar(select(Duty).where(Duty.code == "D101"))
    duty.title = "入户"
    session.delete(session.scalar(select(Hotline).where(Hotline.number == "12388")))
    session.commit()
    assert set(load_defaults(session).values()) == {0}
    assert duty.title == "入户"
    assert session.scalar(select(func.count()).where(Hotline.number == "12388")) == 0


def test_a_new_issue_of_a_file_adds_what_is_missing(session):
    session.delete(session.scalar(select(Duty).where(Duty.code == "D101")))
    edited = session.scalar(select(Duty).where(Duty.code == "D102"))
    edited.title = "变动"
    mark = session.scalar(select(Setting).where(Setting.key == "defaults.duties"))
    mark.value = "an earlier issue"
    session.commit()
    assert load_defaults(session)["duties"] == 1
    assert edited.title == "变动"


def test_the_catalogue_of_posts_follows_the_file(session):
    role = session.scalar(select(PostRole).where(PostRole.code == "grid_leader"))
    role.name_zh = "格长"
    session.commit()
    load_defaults(session)
    assert role.name_zh == "网格长"
    volunteer = session.scalar(select(PostRole).where(PostRole.code == "volunteer"))
    assert (volunteer.account_role, volunteer.min_count, volunteer.max_count) == (None, 0, None)


@pytest.mark.one_engine
def test_templates_of_a_community_and_counts():
    templates = community_hotlines()
    assert {line["scope"] for line in templates} == {"local", "community", "street"}
    assert [line["name"] for line in templates if line["supervision"]] == [
        "网格监督电话",
        "街道监督电话",
    ]
    assert all(line["number"] is None for line in templates)
    assert [parse_count(text) for text in ("1", "1+", "0+")] == [(1, 1), (1, None), (0, None)]
    with pytest.raises(ValueError, match="many"):
        parse_count("many")
