"""Every entity's pages over HTTP: list, search, add, edit, show, delete, export."""

import csv
import io

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select

from portal import models, scope
from portal.extensions import db
from portal.rules.imports.cells import unguard
from portal.views import wording
from portal.views.entity.base import EntityView

CELL = "4201020029900101001"
# slug, who, what is typed into the form, what is changed afterwards (column, text)
ENTITIES = [
    (
        "grids",
        "station",
        {
            "level": "cell",
            "code": "4201020029900101009",
            "name": "新安里",
            "kind": "gated",
            "households_declared": "230",
        },
        ("name", "新安里二期"),
    ),
    (
        "buildings",
        "clerk1",
        {"name": "试验楼", "grid": CELL, "kind": "mixed", "storeys": "6", "longitude": "114.3"},
        ("name", "试验大楼"),
    ),
    (
        "organisations",
        "clerk1",
        {"name": "试验便利店", "grid": CELL, "kind": "shop", "contact_phone": "15400001234"},
        ("name", "试验百货店"),
    ),
    (
        "municipal-units",
        "station",
        {"name": "试验水务所", "grid": "420102002990", "services": "供水", "in_use": "y"},
        ("name", "试验水务站"),
    ),
    (
        "places",
        "clerk1",
        {
            "name": "试验仓库",
            "grid": CELL,
            "kind": "warehouse",
            "patrol_every": "5",
            "patrol_unit": "workday",
            "listed_on": "2026-01-05",
        },
        ("address", "试验路1号"),
    ),
    (
        "sweeps",
        "station",
        {
            "title": "试验排查",
            "grid": "420102002990",
            "grids": "42010200299001",
            "starts_on": "2026-01-05",
            "ends_on": "2026-01-15",
            "checklist": "楼道堆物",
        },
        ("detail", "试验说明"),
    ),
    (
        "service-rounds",
        "clerk1",
        {
            "service": "other",
            "name": "试验服务",
            "grid": CELL,
            "every": "30",
            "unit": "day",
            "next_on": "2026-01-05",
            "active": "y",
        },
        ("what", "试验内容"),
    ),
    (
        "workers",
        "clerk1",
        {"name": "欧阳测试", "grid": CELL, "origin": "volunteer", "phone": "19900001234"},
        ("name", "欧阳试验"),
    ),
    (
        "posts",
        "station",
        {
            "worker": "{worker}",
            "grid": CELL,
            "post_role": "volunteer",
            "basis": "volunteer",
            "since": "2026-01-05",
        },
        ("until", "2027-01-05"),
    ),
    (
        "duties",
        "station",
        {
            "code": "D599",
            "group_no": "5",
            "title": "试验职责",
            "role": "grid_worker",
            "frequency": "weekly",
        },
        ("title", "试验职责二"),
    ),
    (
        "hotlines",
        "station",
        {
            "name": "试验热线",
            "number": "027-80009999",
            "scope": "community",
            "grid": "420102002990",
        },
        ("hours", "工作时间"),
    ),
    (
        "regulations",
        "station",
        {"code": "R99", "title": "试验制度", "text": "第一条", "issue_no": "1"},
        ("text", "第一条 第二条"),
    ),
    (
        "teams",
        "station",
        {"name": "试验队", "kind": "patrol", "grid": "42010200299001", "members": "{worker}"},
        ("name", "试验二队"),
    ),
    (
        "leading-groups",
        "station",
        {"name": "试验小组", "grid": "420102002990"},
        ("office", "办公室在社区中心"),
    ),
    (
        "meetings",
        "station",
        {
            "kind": "talk",
            "grid": "42010200299001",
            "starts_at": "2030-03-04T19:00",
            "place": "网格之家",
        },
        ("place", "社区会议室"),
    ),
    (
        "meeting-series",
        "clerk1",
        {
            "kind": "talk",
            "grid": "42010200299001",
            "minutes": "45",
            "holiday": "skip",
            "mode": "onsite",
            "attendees": "area_head",
            "place": "网格之家",
        },
        ("place", "社区会议室"),
    ),
    (
        "calendar-days",
        "station",
        {"day": "2031-02-15", "working": "y", "name": "春节调休"},
        ("name", "春节调休上班"),
    ),
    (
        "grants",
        "admin",
        {
            "user": "{user}",
            "role": "Clerk",
            "grid": "420102002990",
            "since": "2026-01-05",
        },
        ("reason", "试用"),
    ),
]  # fmt: skip
IDS = [entry[0] for entry in ENTITIES]


def filled(portal, values):
    """``values`` with the keys of rows that only the database knows."""
    with portal.app_context():
        worker = db.session.scalar(
            select(models.Worker.id).where(models.Worker.grid_code == CELL).limit(1)
        )
        user = db.session.scalar(select(models.User.id).where(models.User.username == "care"))
    known = {"worker": worker, "user": user}
    return {name: text.format(**known) for name, text in values.items()}


@pytest.mark.parametrize(("slug", "who", "values", "change"), ENTITIES, ids=IDS)
def test_a_record_is_added_changed_found_and_deleted(portal, client_as, slug, who, values, change):
    client = client_as(who)
    added = client.submit(f"/{slug}/add", filled(portal, values))
    assert added.status == 302, added.soup.select_one("#errors")
    shown = client.get(added.location)
    assert shown.status == 200
    number = added.location.rsplit("/", 1)[1]
    column, text = change
    edited = client.submit(f"/{slug}/edit/{number}", {column: text})
    assert edited.status == 302, edited.soup.select_one("#errors")
    form = client.get(f"/{slug}/edit/{number}").form()
    assert form[column].strip() == text  # a browser drops the first line break of a textarea
    if who == "clerk1":  # a clerk keeps workers, the station deletes
        assert client.get(f"/{slug}/delete/{number}").status == 403
        client = client_as("station")
    assert client.submit(f"/{slug}/delete/{number}").status == 302
    assert client.get(f"/{slug}/show/{number}").status == 404


@pytest.mark.parametrize(("slug", "who", "values", "change"), ENTITIES, ids=IDS)
def test_an_empty_form_says_what_is_missing_and_keeps_what_was_typed(
    portal, client_as, slug, who, values, change
):
    client = client_as(who)
    kept = {"name": "保留的字", "title": "保留的字", "reason": "保留的字"}
    page = client.get(f"/{slug}/add").form()
    typed = {name: kept.get(name, "") for name in page if name not in ("csrf_token", "once")}
    answer = client.submit(f"/{slug}/add", typed)
    assert answer.status == 400
    assert len(answer.soup.select("#errors a")) >= 1
    for name, text in typed.items():
        if text:
            assert answer.form()[name] == text


def test_a_second_click_adds_nothing_twice(portal, client_as):
    client = client_as("station")
    form = client.get("/duties/add").form()
    form |= {"code": "D598", "group_no": "1", "title": "一次", "role": "patrol"}
    form |= {"frequency": "weekly"}
    first, second = client.post("/duties/add", form), client.post("/duties/add", form)
    assert first.status == second.status == 302
    assert first.location == second.location
    with portal.app_context():
        found = select(func.count()).where(models.Duty.code == "D598")
        assert db.session.scalar(found) == 1


def test_the_second_of_two_editors_is_told(portal, client_as):
    one, two = client_as("station"), client_as("station")
    path = "/duties/edit/1"
    first, second = one.get(path).form(), two.get(path).form()
    assert one.post(path, first | {"title": "先改"}).status == 302
    late = two.post(path, second | {"title": "后改"})
    assert late.status == 400
    with portal.app_context():
        assert db.session.get(models.Duty, 1).title == "先改"


def test_a_record_that_others_need_is_not_deleted(portal, client_as):
    client = client_as("station")
    with portal.app_context():
        grid = db.session.scalar(select(models.Grid.id).where(models.Grid.code == CELL))
    asked = client.get(f"/grids/delete/{grid}")
    assert asked.status == 200
    assert client.post(f"/grids/delete/{grid}", {"csrf_token": token(client)}).status == 409
    assert client.get(f"/grids/show/{grid}").status == 200


def token(client):
    """A fresh CSRF token of the client's session."""
    return client.get("/duties/add").form()["csrf_token"]


def test_a_private_number_opens_with_a_reason_and_is_logged(portal, client_as):
    client = client_as("clerk1")
    with portal.app_context():
        worker = db.session.scalar(select(models.Worker).where(models.Worker.grid_code == CELL))
        number, phone = worker.id, worker.phone
    path = f"/workers/reveal/{number}/phone"
    assert phone not in client.get(f"/workers/show/{number}").text
    assert client.submit(path, {"reason": ""}).status == 400
    opened = client.submit(path, {"reason": "核对排班电话"}, check=False)
    assert phone in opened.text
    with portal.app_context():
        entry = db.session.scalars(
            select(models.AuditEntry).where(models.AuditEntry.action == "reveal")
        ).one()
        assert (entry.actor, entry.row_id, entry.reason) == ("clerk1", number, "核对排班电话")
    leader = client_as("leader01")
    assert leader.get(path).status == 403


def test_an_edit_keeps_a_private_number_that_is_not_typed_again(portal, client_as):
    client = client_as("clerk1")
    with portal.app_context():
        worker = db.session.scalar(select(models.Worker).where(models.Worker.grid_code == CELL))
        number, phone = worker.id, worker.phone
    assert client.submit(f"/workers/edit/{number}", {"name": "改名"}).status == 302
    with portal.app_context():
        assert db.session.get(models.Worker, number).phone == phone


def entity_views(app):
    """The registered entity views."""
    return [v for v in app.appbuilder.baseviews if isinstance(v, EntityView)]


def readers():
    """For each list, somebody who may read it."""
    special = {
        "users": "admin",
        "grants": "admin",
        "roles": "admin",
        "settings": "admin",
        "audit": "auditor",
        "deliveries": "admin",
    }
    return lambda slug: special.get(slug, "station")


def test_every_list_is_searched_sorted_and_filtered(portal, client_as):
    who = readers()
    for view in entity_views(portal):
        client = client_as(who(view.slug))
        base = f"/{view.slug}/list/"
        assert client.get(f"{base}?q=zzzzqqqq").status == 200
        # Few rows: it is about the statement, not about drawing the page.
        for name in (*view.order_columns, f"-{view.order_columns[0]}"):
            assert client.get(f"{base}?order={name}&size=2").status == 200, name
        for name in view.filter_names:
            assert client.get(f"{base}?{name}=1&size=2").status == 200, name
        for name in view.presets:
            assert client.get(f"{base}?preset={name}&size=2").status == 200, name


@pytest.mark.parametrize("text", ["花语里", "huayuli", "hyl", "4201020029900102003"])
def test_a_grid_is_found_by_name_pinyin_initials_and_code(client_as, text):
    page = client_as("station").get(f"/grids/list/?q={text}")
    assert "花语里" in page.text


def test_lists_are_exported_as_they_are_filtered(portal, client_as):
    client = client_as("station")
    answer = client.get("/workers/export/csv?origin=police")
    rows = list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"))))
    with portal.app_context():
        police = select(func.count()).where(models.Worker.origin == "police")
        assert len(rows) - 1 == db.session.scalar(police)
    assert not any("19900" in cell and "****" not in cell for row in rows for cell in row)
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get("/grids/export/xlsx").body))
    sheet = book.get_sheet_by_index(0).to_python()
    assert len(sheet) == 50
    assert client_as("leader01").get("/workers/export/csv").status == 403


@pytest.mark.parametrize("name", ["=1+1", "'=1+1", "''-1"])
def test_what_is_exported_calculates_nothing_and_is_read_back(portal, client_as, name):
    with portal.app_context(), scope.acting(scope.SYSTEM):
        worker = db.session.scalars(select(models.Worker).limit(1)).one()
        worker.name = name
        db.session.commit()
    answer = client_as("station").get("/workers/export/csv")
    rows = csv.reader(io.StringIO(answer.body.decode("utf-8-sig")))
    (cell,) = [cell for row in rows for cell in row if cell.endswith(name)]
    assert cell == f"'{name}" and unguard(cell) == name


def test_relations_are_typed_by_name_without_scripts(portal, client_as):
    client = client_as("station")
    values = {"name": "无脚本队", "kind": "patrol", "grid": "花语里"}
    assert client.submit("/teams/add", values).status == 302
    unclear = client.submit("/teams/add", values | {"grid": "片区"})
    assert unclear.status == 400
    assert "—" in unclear.one("#errors").get_text()


def test_a_lookup_offers_only_what_the_writer_may_use(client_as):
    items = client_as("clerk2").get("/grids/lookup/?for=Worker&q=").json["items"]
    assert items
    assert all(item["value"].startswith("42010200299002") for item in items)


def test_an_account_gets_its_roles_from_posts_and_their_dates(portal, client_as):
    admin = client_as("admin")
    with portal.app_context():
        only = select(models.Post.worker_id).group_by(models.Post.worker_id)
        only = only.having(func.min(models.Post.role) == "volunteer", func.count() == 1)
        worker = db.session.scalar(only.limit(1))
    made = admin.submit(
        "/users/add",
        {
            "last_name": "新",
            "first_name": "账号",
            "username": "newcomer",
            "email": "newcomer@example.org",
            "active": "y",
            "worker": str(worker),
            "first_password": "plum-lantern-river-58",
        },
    )
    assert made.status == 302, made.soup.select_one("#errors")
    fresh = client_as(None)
    assert fresh.sign_in("newcomer", "plum-lantern-river-58").location.endswith("/form")
    assert fresh.get("/desk/").status == 302  # first the password
    changed = fresh.submit(
        "/resetmypassword/form",
        {
            "current": "plum-lantern-river-58",
            "password": "quiet-harbour-violet-93",
            "again": "quiet-harbour-violet-93",
        },
    )
    assert changed.status == 302, changed.soup.select_one("#errors")
    assert fresh.get("/grids/list/").status == 403  # a volunteer holds no account role
    station = client_as("station")
    posted = {
        "worker": str(worker),
        "grid": CELL,
        "post_role": "patrol",
        "basis": "appointed",
        "since": "2026-01-01",
    }
    refused = station.submit("/posts/add", posted)
    assert refused.status == 400  # patrol belongs to an area, not to a cell
    assert station.submit("/posts/add", posted | {"grid": "42010200299001"}).status == 302
    page = fresh.get("/grids/list/")
    assert page.status == 200
    assert "42010200299002" not in page.text


def test_nobody_posts_or_grants_to_themselves(portal, client_as):
    with portal.app_context():
        own = select(models.Worker.id).join(models.User).where(models.User.username == "station")
        worker = db.session.scalar(own)
        admin = db.session.scalar(select(models.User.id).where(models.User.username == "admin"))
    post = {
        "worker": str(worker),
        "grid": "42010200299001",
        "post_role": "patrol",
        "basis": "appointed",
        "since": "2026-01-01",
    }
    assert client_as("station").submit("/posts/add", post).status == 400
    grant = {"user": str(admin), "role": "Station", "grid": "420102002990", "since": "2026-01-01"}
    assert client_as("admin").submit("/grants/add", grant).status == 400


def test_a_supervision_number_is_not_that_of_the_supervised(portal, client_as):
    with portal.app_context():
        phone = db.session.scalar(
            select(models.Worker.public_phone).where(models.Worker.public_phone.is_not(None))
        )
    values = {
        "name": "监督",
        "number": phone,
        "scope": "community",
        "grid": "420102002990",
        "supervision": "y",
    }
    answer = client_as("station").submit("/hotlines/add", values)
    assert answer.status == 400
    assert answer.soup.select("#number-err")


def test_a_duty_belongs_to_posts_that_exist(portal, client_as):
    client = client_as("station")
    wrong = client.submit("/duties/edit/1", {"role": "grid_worker; nobody"})
    assert wrong.status == 400
    assert wrong.form()["role"] == "grid_worker; nobody"
    assert "nobody" in wrong.one("#role-err").get_text()
    assert client.submit("/duties/edit/1", {"role": "grid_worker， patrol"}).status == 302
    with portal.app_context():
        assert db.session.get(models.Duty, 1).role == "grid_worker;patrol"


def test_a_private_number_is_removed_in_the_form_and_over_the_api(portal, client_as):
    client = client_as("clerk1")
    with portal.app_context():
        found = select(models.Worker.id).where(models.Worker.grid_code == CELL).limit(2)
        first, second = db.session.scalars(found)
    assert client.submit(f"/workers/edit/{first}", {"remove_phone": "y"}).status == 302
    headers = {"X-CSRFToken": client.get(f"/workers/edit/{first}").form()["csrf_token"]}
    path = f"/api/v1/workers/{second}"
    assert client.raw.put(path, json={"phone": None}, headers=headers).status_code == 200
    with portal.app_context():
        for key in (first, second):
            worker = db.session.get(models.Worker, key)
            assert (worker.phone, worker.phone_index) == (None, None)


def test_a_grid_is_filtered_by_its_name(client_as):
    page = client_as("station").get("/workers/list/?grid_code=花语里")
    assert len(page.soup.select("table tbody tr")) == 6


def test_every_register_has_a_word_for_one_of_its_rows(portal):
    """The audit log and reports of imports tell of tables; people read words."""
    found = [v for v in portal.appbuilder.baseviews if isinstance(v, EntityView)]
    tables = {view.entity.__tablename__ for view in found}
    assert tables - set(wording.REGISTERS) == set()
