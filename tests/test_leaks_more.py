"""Leaks 10–17 of stock Flask-AppBuilder (hidden columns, related lists, files, REST), three more.

As in test_leaks.py, each test first sees the leak on a stock view over the same data.
"""

import json

import pytest

from tests.support.attack import OTHER_AREA, shows
from tests.support.stock import AREA

pytest_plugins = ("tests.support.leaking",)
# Stock views still call Query.get().
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.LegacyAPIWarning")

PLACE = "SELECT grid_code FROM workers WHERE id = :id"


def order_of(page, path):
    """Keys of the records a page links to, in order, without repeats."""
    found = (link.rsplit("/", 1)[1] for link in page.links(f"a[href^='{path}']"))
    return list(dict.fromkeys(int(key.split("?")[0]) for key in found))


@pytest.mark.one_engine
def test_leak_10_a_list_is_sorted_by_a_hidden_column(attack):
    base = "/newcomerworkerview/list/?psize_NewcomerWorkerView=50&_oc_NewcomerWorkerView=number"
    shown = order_of(
        attack.stock.get(f"{base}&_od_NewcomerWorkerView=desc"), "/newcomerworkerview/show/"
    )
    found = "SELECT max(number) FROM workers WHERE grid_code LIKE :area"
    highest = attack.stock_value(found, area=f"{AREA}%")
    assert attack.stock_value("SELECT number FROM workers WHERE id = :id", id=shown[0]) == highest

    plain = attack.ours.get("/workers/list/")
    before = order_of(plain, "/workers/show/")
    assert len(before) == 25
    for asked in (
        "order=phone", "order=-phone", "order=phone_index", "order=-user_id", "order=search_terms",
        "order=-created_at", "order=grid.name", "order=user.password",
        "_oc_WorkerView=phone&_od_WorkerView=desc",
    ):  # fmt: skip
        assert order_of(attack.ours.get(f"/workers/list/?{asked}"), "/workers/show/") == before
    assert order_of(attack.ours.get("/workers/list/?order=-name"), "/workers/show/") != before


@pytest.mark.one_engine
def test_leak_11_a_record_shows_a_list_that_is_forbidden(attack, client_as):
    person = attack.people(AREA)[0]
    assert attack.stock.get("/newcomerpostview/list/").status in (302, 403)
    role = attack.stock_value("SELECT role FROM posts WHERE worker_id = :id", id=person.id)
    assert role in attack.stock.get(f"/newcomerworkerview/show/{person.id}").text

    grid = attack.grid_id(person.grid_code)
    first = "SELECT min(worker_id) FROM posts WHERE grid_code = :c"
    holder = f"SELECT name FROM workers WHERE id = ({first})"
    name = attack.our_value(holder, c=person.grid_code)
    assert name in client_as("station").get(f"/grids/show/{grid}").text
    care = client_as("care")  # reads grids, not posts
    assert care.get("/posts/list/").status == 403
    page = care.get(f"/grids/show/{grid}")
    assert page.status == 200
    assert name not in page.text
    assert not [link for link in page.links() if link.startswith("/posts/")]


@pytest.mark.one_engine
def test_leak_12_a_master_outside_is_opened_with_its_details(attack):
    foreign = attack.people(OTHER_AREA)[0]
    grid = attack.grid_id(foreign.grid_code)
    page = attack.stock.get(f"/newcomermasterview/list/{grid}")
    assert page.status == 200
    assert foreign.number in page.text

    for address in (f"/grids/show/{grid}", f"/grids/edit/{grid}", f"/grids/list/{grid}"):
        answer = attack.ours.get(address)
        assert answer.status == 404
        assert not shows(answer, foreign)
    for narrowed in (
        f"grid_code={foreign.grid_code}",
        f"parent={OTHER_AREA}",
        f"q={foreign.number}",
    ):
        for slug in ("workers", "posts", "grids"):
            answer = attack.ours.get(f"/{slug}/list/?{narrowed}")
            assert answer.status == 200
            assert foreign.name not in answer.text
            assert not [link for link in answer.links() if link.endswith(f"/show/{foreign.id}")]


@pytest.mark.one_engine
def test_leak_13_a_file_is_served_whatever_row_it_belongs_to(attack):
    answer = attack.stock.get("/newcomerworkerview/download/x_sep_secret.txt")
    assert answer.body == b"kept for another area"

    attack.ours.app.config["UPLOAD_FOLDER"] = attack.stock.app.config["UPLOAD_FOLDER"]
    for slug in ("workers", "documents", "grids"):
        for name in ("x_sep_secret.txt", "..%2f..%2fkeys%2fportal_secret_key"):
            answer = attack.ours.get(f"/{slug}/download/{name}")
            assert answer.status == 404
            assert b"another area" not in answer.body


@pytest.mark.one_engine
def test_leak_14_a_refusal_tells_that_a_value_exists_outside(attack):
    foreign = attack.people(OTHER_AREA)[0]
    typed = {"name": "探测", "origin": "volunteer", "grid": str(attack.grid_id(AREA))}
    known = attack.stock.send("/newcomerworkerview/add", typed | {"number": foreign.number})
    fresh = attack.stock.send("/newcomerworkerview/add", typed | {"number": "nobody-has-this"})
    assert (known.status, fresh.status) == (200, 302)

    there, missing = f"{OTHER_AREA}01001", f"{OTHER_AREA}77001"
    assert attack.our_value("SELECT count(*) FROM grids WHERE code = :c", c=there) == 1
    cell = {"level": "cell", "name": "探测", "kind": "gated"}
    told = []
    for code in (there, missing):
        page = attack.ours.submit("/grids/add", cell | {"code": code})
        assert page.status == 400
        told.append(page.one("#code-err").get_text(strip=True))
    assert told[0] == told[1]
    by_api = [
        attack.ours.post("/api/v1/grids/", json={**cell, "code": code}, headers=key(attack))
        for code in (there, missing)
    ]
    assert [(a.status, a.json) for a in by_api] == [(422, by_api[1].json)] * 2
    numbered = attack.ours.submit(
        "/workers/add", {**typed, "grid": AREA, "number": foreign.number, "name": "无号"}
    )
    assert numbered.status == 302  # what no form has is not taken
    assert attack.our_value("SELECT number FROM workers WHERE name = '无号'") is None


def key(attack):
    """The header that a script of our own pages sends."""
    return {"X-CSRFToken": attack.ours.get("/duties/add").form()["csrf_token"]}


@pytest.mark.one_engine
def test_leak_15_rest_info_lists_parents_outside(attack):
    asked = "(add_columns:(grid:(page:0,page_size:100)))"
    values = attack.stock.get(f"/api/v1/newcomers/_info?q={asked}").text
    assert OTHER_AREA in values

    for slug in ("workers", "posts", "teams", "grids", "hotlines"):
        for asked in (
            "",
            "?q=(add_columns:(grid_code:(page:0,page_size:100)))",
            "?q=(keys:!(add_columns))",
        ):
            answer = attack.ours.get(f"/api/v1/{slug}/_info{asked}")
            assert answer.status == 200
            assert OTHER_AREA not in answer.text
            assert "values" not in json.dumps(answer.json.get("add_columns", []))
            assert "Project-Id-Version" not in answer.text  # what gettext makes of an empty text


@pytest.mark.one_engine
def test_leak_16_rest_post_accepts_a_parent_outside(attack):
    grid = attack.grid_id(OTHER_AREA)
    planted = "SELECT grid_code FROM workers WHERE name = '越界新增'"
    sent = {"name": "越界新增", "origin": "volunteer"}
    assert attack.stock.post("/api/v1/newcomers/", json=sent | {"grid": grid}).status == 201
    assert attack.stock_value(planted) == OTHER_AREA

    header = key(attack)
    for parent in (OTHER_AREA, str(grid), grid, "420102002990", "", None, "春", [OTHER_AREA]):
        body = sent | {"grid_code": parent}
        answer = attack.ours.post("/api/v1/workers/", json=body, headers=header)
        assert answer.status == 422
        assert "grid_code" in answer.json["fields"]
        assert attack.our_value(planted) is None
    own = attack.ours.post("/api/v1/workers/", json=sent | {"grid_code": AREA}, headers=header)
    assert own.status == 201
    assert attack.our_value(planted) == AREA


@pytest.mark.one_engine
def test_leak_17_rest_put_moves_a_row_outside(attack):
    own, foreign = attack.people(AREA)[1], attack.people(OTHER_AREA)[4]
    moved = {"grid": attack.grid_id(OTHER_AREA)}
    assert attack.stock.raw.put(f"/api/v1/newcomers/{own.id}", json=moved).status_code == 200
    assert attack.stock_value(PLACE, id=own.id) == OTHER_AREA

    header, put = key(attack), attack.ours.raw.put
    for parent in (OTHER_AREA, "420102002990", None):
        answer = put(f"/api/v1/workers/{own.id}", json={"grid_code": parent}, headers=header)
        assert answer.status_code == 422
        assert attack.our_value(PLACE, id=own.id) == own.grid_code
    for body in ({"grid_code": AREA}, {"name": "偷来"}):
        answer = put(f"/api/v1/workers/{foreign.id}", json=body, headers=header)
        assert answer.status_code == 404
        assert foreign.name not in answer.text
    removed = attack.ours.raw.delete(f"/api/v1/workers/{foreign.id}", headers=header)
    assert removed.status_code == 404
    assert attack.our_value(PLACE, id=foreign.id) == foreign.grid_code
    team = attack.our_value("SELECT id FROM teams WHERE grid_code = :area LIMIT 1", area=AREA)
    lent = put(f"/api/v1/teams/{team}", json={"captain_id": foreign.id}, headers=header)
    assert lent.status_code == 422
    good = put(f"/api/v1/workers/{own.id}", json={"grid_code": AREA}, headers=header)
    assert good.status_code == 200
    assert attack.our_value(PLACE, id=own.id) == AREA


@pytest.mark.one_engine
def test_rest_does_not_filter_by_hidden_columns(attack):
    own = attack.people(AREA)[0]
    guess = f"(filters:!((col:number,opr:eq,value:'{own.number}')))"
    found = attack.stock.get(f"/api/v1/newcomers/?q={guess}").json
    assert found["ids"] == [own.id]  # a hidden column, guessed value by value

    for column in ("phone", "phone_index", "search_terms", "user_id", "user", "user.password"):
        asked = f"(filters:!((col:{column},opr:eq,value:'1')))"
        answer = attack.ours.get(f"/api/v1/workers/?q={asked}")
        assert answer.status == 400
        assert set(answer.json) == {"message", "fields"}
        ordered = attack.ours.get(f"/api/v1/workers/?q=(order_column:{column},order_direction:asc)")
        assert ordered.status == 400


@pytest.mark.one_engine
def test_a_refusal_of_the_database_shows_no_statement(attack):
    typed = {"name": "违反约束", "origin": "nonsense", "grid": str(attack.grid_id(AREA))}
    attack.stock.send("/newcomerworkerview/add", typed)
    told = attack.stock.get("/newcomerworkerview/list/").text
    assert "INSERT INTO workers" in told
    assert "违反约束" in told  # the statement with its parameters

    refused = attack.ours.post(
        "/api/v1/workers/", json=typed | {"grid_code": AREA}, headers=key(attack)
    )
    duty = {"code": "D101", "group_no": "1", "title": "重复", "frequency": "weekly"}
    duty["role"] = "grid_worker"
    doubled = attack.ours.submit("/duties/add", duty)
    by_api = attack.ours.post("/api/v1/duties/", json=duty, headers=key(attack))
    assert (refused.status, doubled.status, by_api.status) == (422, 400, 409)
    for answer in (refused, doubled, by_api):
        for word in ("INSERT", "UNIQUE", "psycopg", "sqlite", "constraint"):
            assert word not in answer.text


@pytest.mark.one_engine
def test_deleting_a_parent_leaves_no_orphan(attack):
    own = attack.people(AREA)[-1]
    captain = "SELECT captain_id FROM teams WHERE id = :id"
    team = attack.our_value("SELECT id FROM teams WHERE grid_code = :area LIMIT 1", area=AREA)
    edited = attack.ours.submit(f"/teams/edit/{team}", {"captain": str(own.id)})
    assert edited.status == 302
    header = key(attack)
    asked = attack.ours.get(f"/workers/delete/{own.id}")
    assert asked.soup.select("main li a[href^='/teams/list']")
    assert attack.ours.raw.delete(f"/api/v1/workers/{own.id}", headers=header).status_code == 409
    assert attack.our_value(captain, id=team) == own.id

    led = attack.stock_value("SELECT min(id) FROM teams WHERE grid_code = :area", area=AREA)
    leader = {"name": "短暂队长", "origin": "volunteer", "grid": attack.grid_id(AREA)}
    made = attack.stock.post("/api/v1/newcomers/", json=leader).json["id"]
    form = {"name": "有队长", "kind": "patrol", "grid_code": AREA, "captain": str(made)}
    assert attack.stock.send("/newcomerteamview/add", form).status == 302
    found = "SELECT captain_id FROM teams WHERE name = '有队长'"
    assert led is not None
    assert attack.stock_value(found) == made
    attack.stock.post(f"/newcomerworkerview/delete/{made}")
    assert attack.stock_value("SELECT count(*) FROM teams WHERE name = '有队长'") == 1
    assert attack.stock_value(found) is None  # nobody was asked
