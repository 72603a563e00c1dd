"""Leaks 1–9 of stock Flask-AppBuilder: actions, select options, foreign parents.

Every test first sees the leak on a stock view over the same data, then that the same attack on
our view shows nothing and changes nothing. (10–17: test_leaks_more.py.)
"""

import pytest

from tests.support.attack import OTHER_AREA, shows
from tests.support.stock import AREA, options

pytest_plugins = ("tests.support.leaking",)
# Stock views still call Query.get().
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.LegacyAPIWarning")

NAME = "SELECT name FROM workers WHERE id = :id"
PLACE = "SELECT grid_code FROM workers WHERE id = :id"
COUNT = "SELECT count(*) FROM workers WHERE name = :name"


def token(client):
    """A fresh CSRF token of our session."""
    return client.get("/duties/add").form()["csrf_token"]


def remove(client, *keys, confirmed="yes"):
    """Our bulk action on ``keys``."""
    sent = {
        "action": "remove",
        "rowid": list(map(str, keys)),
        "confirmed": confirmed,
        "csrf_token": token(client),
    }
    return client.post("/workers/action_post", sent)


def our_worker(client, name="可以删除"):
    """A worker of one's own area, added over HTTP; the key."""
    added = client.submit("/workers/add", {"name": name, "grid": AREA, "origin": "volunteer"})
    assert added.status == 302
    return int(added.location.rsplit("/", 1)[1])


@pytest.mark.one_engine
def test_leak_1_an_action_on_ticked_rows_reaches_rows_outside(attack):
    own, foreign = attack.people(AREA)[0], attack.people(OTHER_AREA)[0]
    sent = {"action": "rename", "rowid": [foreign.id]}
    assert attack.stock.get(f"/newcomerworkerview/show/{foreign.id}").status == 404
    assert attack.stock.post("/newcomerworkerview/action_post", sent).status == 302
    assert attack.stock_value(NAME, id=foreign.id) == "已改名"

    first, second = our_worker(attack.ours), our_worker(attack.ours, "也可以删除")
    asked = remove(attack.ours, first, second, confirmed="")
    assert asked.status == 200
    assert len(asked.soup.select("main li")) == 2
    for keys in ((foreign.id,), (first, foreign.id), (own.id, foreign.id)):
        answer = remove(attack.ours, *keys)
        assert answer.status == 404
        assert not shows(answer, foreign)
    assert attack.our_value(NAME, id=foreign.id) == foreign.name
    assert attack.our_value(NAME, id=first) == "可以删除"  # all of them or none
    assert remove(attack.ours, first, second).status == 302
    assert attack.our_value(NAME, id=first) is None
    assert attack.our_value(NAME, id=second) is None


@pytest.mark.one_engine
def test_leak_2_an_action_by_post_reaches_a_row_outside(attack):
    foreign = attack.people(OTHER_AREA)[1]
    assert attack.stock.post(f"/newcomerworkerview/action/rename/{foreign.id}").status == 302
    assert attack.stock_value(NAME, id=foreign.id) == "已改名"

    sent = {"confirmed": "yes", "csrf_token": token(attack.ours)}
    answer = attack.ours.post(f"/workers/action/remove/{foreign.id}", sent)
    assert answer.status == 404
    assert not shows(answer, foreign)
    assert attack.our_value(NAME, id=foreign.id) == foreign.name
    mine = our_worker(attack.ours)
    assert attack.ours.post(f"/workers/action/remove/{mine}", sent).status == 302
    assert attack.our_value(NAME, id=mine) is None


@pytest.mark.one_engine
def test_leak_3_an_action_by_get_reaches_a_row_outside(attack):
    foreign = attack.people(OTHER_AREA)[2]
    assert attack.stock.get(f"/newcomerworkerview/action/rename/{foreign.id}").status == 302
    assert attack.stock_value(NAME, id=foreign.id) == "已改名"

    mine = our_worker(attack.ours)
    for key in (foreign.id, mine):  # a link never changes anything
        answer = attack.ours.get(f"/workers/action/remove/{key}?confirmed=yes")
        assert answer.status == 405
        assert not shows(answer, foreign)
    assert attack.our_value(NAME, id=foreign.id) == foreign.name
    assert attack.our_value(NAME, id=mine) == "可以删除"


def no_foreign_option(client, address):
    """Assert that a lookup offers own grids only, whatever is typed."""
    offered = []
    for typed in ("", OTHER_AREA, "4201", "片区"):
        separator = "&" if "?" in address else "?"
        answer = client.get(f"{address}{separator}q={typed}")
        assert answer.status == 200
        offered += [item["value"] for item in answer.json["items"]]
    assert offered
    assert all(code.startswith(AREA) for code in offered)


@pytest.mark.one_engine
def test_leak_4_a_list_page_prints_rows_outside_as_options(attack):
    page = attack.stock.get("/newcomerworkerview/list/")
    assert any(OTHER_AREA in option for option in options(page.text))

    page = attack.ours.get("/workers/list/?size=200")
    assert len(page.soup.select("table tbody tr")) > 50
    assert OTHER_AREA not in page.text
    foreign = "SELECT name FROM grids WHERE code = :c"
    assert attack.our_value(foreign, c=OTHER_AREA) not in page.text
    no_foreign_option(attack.ours, "/grids/lookup/")


@pytest.mark.one_engine
def test_leak_5_an_add_form_prints_rows_outside_as_options(attack):
    page = attack.stock.get("/newcomerworkerview/add")
    assert any(OTHER_AREA in option for option in options(page.text))

    answer = attack.ours.get(f"/workers/add?grid={OTHER_AREA}")
    assert answer.status == 200
    assert OTHER_AREA not in "".join(options(answer.text))
    assert (
        attack.our_value("SELECT name FROM grids WHERE code = :c", c=OTHER_AREA) not in answer.text
    )
    no_foreign_option(attack.ours, "/grids/lookup/?for=Worker")


@pytest.mark.one_engine
def test_leak_6_an_edit_form_prints_rows_outside_as_options(attack):
    own = attack.people(AREA)[0]
    page = attack.stock.get(f"/newcomerworkerview/edit/{own.id}")
    assert any(OTHER_AREA in option for option in options(page.text))

    answer = attack.ours.get(f"/workers/edit/{own.id}")
    assert answer.status == 200
    assert AREA in answer.text
    assert OTHER_AREA not in answer.text


@pytest.mark.one_engine
def test_leak_7_adding_with_a_parent_outside_plants_a_row_there(attack):
    grid = attack.grid_id(OTHER_AREA)
    typed = {"name": "埋在外面", "origin": "volunteer", "grid": str(grid)}
    assert attack.stock.send("/newcomerworkerview/add", typed).status == 302
    planted = "SELECT grid_code FROM workers WHERE name = '埋在外面'"
    assert attack.stock_value(planted) == OTHER_AREA

    for parent in (OTHER_AREA, f"{OTHER_AREA} — 二片区", str(grid), "420102002990"):
        answer = attack.ours.submit("/workers/add", typed | {"grid": parent})
        assert answer.status == 400
        assert answer.soup.select("#grid-err")
    assert attack.our_value(COUNT, name="埋在外面") == 0
    assert attack.ours.submit("/workers/add", typed | {"grid": AREA}).status == 302


@pytest.mark.one_engine
def test_leak_8_editing_moves_a_row_outside(attack):
    own = attack.people(AREA)[0]
    moved = {"grid": str(attack.grid_id(OTHER_AREA))}
    attack.stock.send(f"/newcomerworkerview/edit/{own.id}", moved)
    assert attack.stock_value(PLACE, id=own.id) == OTHER_AREA

    for parent in (OTHER_AREA, "420102002990"):
        assert attack.ours.submit(f"/workers/edit/{own.id}", {"grid": parent}).status == 400
    assert attack.our_value(PLACE, id=own.id) == own.grid_code
    assert attack.ours.submit(f"/workers/edit/{own.id}", {"grid": AREA}).status == 302
    assert attack.our_value(PLACE, id=own.id) == AREA


@pytest.mark.one_engine
def test_leak_9_an_ajax_field_accepts_any_key(attack):
    foreign = attack.people(OTHER_AREA)[3]
    typed = {"name": "借来的队长", "kind": "patrol", "grid_code": AREA, "captain": str(foreign.id)}
    captain = "SELECT captain_id FROM teams WHERE name = '借来的队长'"
    assert attack.stock.send("/newcomerteamview/add", typed).status == 302
    assert attack.stock_value(captain) == foreign.id

    typed["grid"] = AREA
    for named in (str(foreign.id), f"{foreign.id} — x", foreign.name, foreign.number):
        answer = attack.ours.submit("/teams/add", typed | {"captain": named})
        assert answer.status == 400
        assert answer.soup.select("#captain-err")
        told = answer.one("#captain-err").get_text()
        assert foreign.grid_code not in told
        assert attack.our_value(captain) is None
    members = attack.ours.submit("/teams/add", typed | {"captain": "", "members": str(foreign.id)})
    assert members.status == 400
    own = attack.people(AREA)[0]
    assert attack.ours.submit("/teams/add", typed | {"captain": str(own.id)}).status == 302
    assert attack.our_value(captain) == own.id
