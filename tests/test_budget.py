"""The budget of a list page, and paging that shows every row exactly once."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select, text

from portal import scope
from portal.extensions import db
from portal.models import (
    AccountGrant,
    AuditEntry,
    Board,
    Building,
    CalendarDay,
    Card,
    CrossCheck,
    Delivery,
    Duty,
    Dwelling,
    Grid,
    GroupRobot,
    HomeVisit,
    Hotline,
    Household,
    ImportBatch,
    IssuedDocument,
    LeadingGroup,
    MatterCategory,
    Meeting,
    MeetingSeries,
    MunicipalUnit,
    Organisation,
    Photo,
    PopulationChange,
    Post,
    Regulation,
    Resident,
    Team,
    User,
    Worker,
)
from portal.views.entity.base import EntityView
from tests.support.counting import count_statements
from tests.support.matters import rows_at
from tests.support.rounds import rounds_at

READERS = {"users": "admin", "grants": "admin", "roles": "admin", "audit": "auditor"}
READERS["deliveries"] = "admin"
OWN = 2  # the session's own statements: user and permissions
MOST_STATEMENTS, MOST_BYTES, ROWS = 4, 40 * 1024, 25
MANY = 60
COMMUNITY, AREA = "420102002990", "42010200299001"
UNSCOPED = ("audit", "users", "grants", "deliveries")  # nothing is out of their readers' scope
FEW = ("roles", "post-roles", "settings")  # fixed catalogues


def of_the_register(number, cell, day):
    """A household with somebody in it, and what happened there."""
    building = Building(grid_code=cell, name=f"{number}栋")
    dwelling = Dwelling(grid_code=cell, building=building, name=f"{number}栋101", room="101")
    household = Household(grid_code=cell, dwelling=dwelling, name="1栋101 H1", number=str(number))
    here = {"grid_code": cell, "household": household}
    resident = Resident(name=f"居{number}", id_number=f"T{number}", **here)
    asked = {"side": "received", "subject": "甲", "question": "在吗", "asked_by": "x"}
    return [
        resident,
        PopulationChange(resident=resident, kind="move_in", happened_on=day, actor="x", **here),
        HomeVisit(visited_on=day, result="no_change", actor="x", visitor="甲", **here),
        CrossCheck(grid_code=cell, other_code=AREA, reply_by=day, **asked),
    ]


def rows_for(number):
    """One row more of every list that grows; ``number`` makes it different."""
    worker = Worker(name=f"甲{number}", grid_code=AREA, origin="volunteer")
    captain = Worker(name=f"队长{number}", grid_code=AREA, origin="other")
    user = User(
        username=f"u{number:03}", first_name="甲", last_name="乙", email=f"u{number}@example.org",
        active=True, password="x",
    )  # fmt: skip
    db.session.add_all([worker, captain, user])
    db.session.flush()
    day = date(2026, 1, 1) + timedelta(days=number)
    issued = {"size": "a3", "lang": "en", "issue_no": number + 1, "pages": 1, "path": "x.pdf"}
    digest = {"content_hash": "0" * 64, "sha256": "0" * 64}
    held = {"minutes": 30, "attendees": "block_head", "mode": "onsite", "kind": "talk"}
    begins = datetime(2030, 1, 1, tzinfo=UTC) + timedelta(days=number)
    cells = db.session.scalars(select(Grid.code).where(Grid.level == "cell").order_by(Grid.code))
    cell, size = cells.all()[number % 30], ("a3", "a4", "a2")[number // 30]
    matters = rows_at(db.session, cell, number, about_user_id=None)
    kept = {"number": f"X{number}", "token": f"t{number}", "issued_on": day}
    picture = {"path": "x.jpg", "sha256": "0" * 64, "width": 1, "height": 1}
    failed = {"channel": "email", "topic": "orders", "state": "given_up", "error": "refused"}
    return [
        *matters.values(),
        *rounds_at(cell, number).values(),
        MatterCategory(kind="patrol", code=f"X{number:03}", name="类", lead="cell"),
        *of_the_register(number, cell, day),
        Organisation(grid_code=cell, name=f"店{number}", kind="shop"),
        MunicipalUnit(grid_code=cell, name=f"单位{number}", services="路灯"),
        GroupRobot(grid_code=cell, name=f"群{number}", kind="wecom", hook="x", topics="orders"),
        Delivery(user_id=user.id, **failed),
        Board(grid_code=cell, size=size, lang="en"),
        Meeting(grid_code=AREA, starts_at=begins, **held),
        MeetingSeries(grid_code=AREA, holiday="skip", since=day, **held),
        CalendarDay(day=day, name=f"假{number}"),
        Post(worker_id=worker.id, grid_code=AREA, role="volunteer", basis="volunteer", since=day),
        Team(name=f"队{number}", kind="patrol", grid_code=AREA, captain_id=captain.id),
        LeadingGroup(name=f"组{number}", grid_code=AREA, formed_on=day if number % 2 else None),
        Hotline(name=f"线{number}", number=str(number), scope="grid", grid_code=AREA),
        Duty(code=f"X{number:03}", title="职责", group_no=1, role="x", frequency="weekly"),
        Regulation(code=f"X{number:03}", title=f"制度{number}", text="第一条"),
        ImportBatch(kind="grids", file_name=f"{number}.csv", actor="x", grid_code=AREA),
        Card(worker_id=worker.id, grid_code=AREA, expires_on=date(2099, 1, 1), **kept),
        Photo(grid_code=AREA, name=f"{number}.jpg", bytes=number, **picture),
        AccountGrant(user_id=user.id, role="Clerk", grid_code=AREA, since=day),
        IssuedDocument(
            grid_code=AREA, kind="board", number=f"B{number}", issued_on=day, **issued, **digest
        ),
    ]


@pytest.fixture
def many(portal):
    """At least 60 rows in every list that grows."""
    with portal.app_context(), scope.acting(scope.SYSTEM):
        for number in range(MANY):
            db.session.add_all(rows_for(number))
        db.session.commit()


def views(portal):
    """Every entity view with somebody who reads its list."""
    found = [v for v in portal.appbuilder.baseviews if isinstance(v, EntityView)]
    return [(view, READERS.get(view.slug, "station")) for view in found]


def statements_of(portal, client, path):
    """How many statements a page takes beyond the session's own, and the page."""
    with count_statements(portal) as statements:
        page = client.get(path)
    assert page.status == 200, path
    return len(statements) - OWN, page


def test_every_list_page_keeps_the_budget(portal, client_as, many):
    client_as("station").get("/work-orders/list/")  # the calendar for its words lasts a minute
    for view, who in views(portal):
        client = client_as(who)
        number, page = statements_of(portal, client, f"/{view.slug}/list/")
        rows = len(page.soup.select("main table tbody tr"))
        assert rows == ROWS or view.slug in FEW, f"{view.slug}: {rows} rows"
        assert number <= MOST_STATEMENTS, f"{view.slug}: {number} statements"
        size = len(page.body)
        assert size <= MOST_BYTES, f"{view.slug}: {size} bytes"
        if view.slug not in FEW:
            second, _page = statements_of(portal, client, neighbour(page, "next"))
            assert second <= MOST_STATEMENTS, f"{view.slug}: {second} statements on page 2"


def test_statements_do_not_grow_with_rows(portal, client_as, many):
    for view, who in views(portal):
        client = client_as(who)
        counts = {
            size: statements_of(portal, client, f"/{view.slug}/list/?size={size}")
            for size in (1, 50)
        }
        few, lots = (len(counts[size][1].soup.select("main tbody tr")) for size in (1, 50))
        assert few == 1, view.slug
        assert lots > (7 if view.slug in FEW else 48), view.slug
        assert counts[50][0] <= counts[1][0], view.slug


def test_searches_filters_and_exports_do_not_grow_either(portal, client_as, many):
    client = client_as("station")
    for path in (
        "/workers/list/?q=队长",
        "/posts/list/?grid_code=4201",
        "/teams/list/?kind=patrol",
    ):
        few, _page = statements_of(portal, client, f"{path}&size=1")
        lots, page = statements_of(portal, client, f"{path}&size=50")
        assert len(page.soup.select("main tbody tr")) == 50
        assert lots <= few
    one, _file = statements_of(portal, client, "/workers/export/csv?q=队长1")
    all_, _file = statements_of(portal, client, "/workers/export/csv?q=队长")
    assert all_ <= one + 1


def test_record_pages_do_not_grow_with_related_lists(portal, client_as):
    client = client_as("station")
    with portal.app_context(), scope.acting(scope.SYSTEM):
        grid = db.session.scalar(select(Grid.id).where(Grid.code == AREA))
        worker = Worker(name="很多岗位", grid_code=AREA, origin="volunteer")
        db.session.add(worker)
        db.session.commit()
        key = worker.id
    pages = (f"/grids/show/{grid}", f"/workers/show/{key}")
    before = [statements_of(portal, client, path)[0] for path in pages]
    with portal.app_context(), scope.acting(scope.SYSTEM):
        for number in range(MANY):
            db.session.add_all(rows_for(number))
            day = date(2025, 1, 1) + timedelta(days=number)
            held = {"role": "volunteer", "basis": "volunteer", "since": day}
            db.session.add(Post(worker_id=key, grid_code=AREA, **held))
        db.session.commit()
    after = [statements_of(portal, client, path) for path in pages]
    assert [number for number, _page in after] <= [number + 1 for number in before]
    assert len(after[1][1].soup.select("main tbody tr")) >= 10


def keys(page):
    """Addresses of the records of a page, in order."""
    own = page.path.replace("/list/", "/show/")
    return list(dict.fromkeys(re.findall(rf'href="({own}\d+)"', page.text)))


def neighbour(page, rel):
    """The address behind the button to the next or previous page; None on the last one."""
    found = re.search(rf'rel="{rel}" href="([^"]+)"', page.text)
    return unescape(found[1]) if found else None


def walked(client, path, rel="next"):
    """The pages from ``path`` on, following ``rel``: the keys of each, and the last page."""
    found, page = [], None
    while path:
        page = client.get(path, check=False)
        assert page.status == 200, path
        found.append(keys(page))
        path = neighbour(page, rel)
    return found, page


def walked_columns(view, met):
    """The columns to page a list by: its first, and the first of each kind that no list had yet
    (``met``, added to). Paging knows of a column its type and whether it may be empty, no more.
    """
    found = []
    for name in view.order_columns:
        column = view.entity.__mapper__.columns[name]
        kind = (type(column.type), bool(column.nullable), bool(column.primary_key))
        if not found or kind not in met:
            found.append(name)
        met.add(kind)
    return found


def test_paging_shows_every_row_exactly_once(portal, client_as, many):
    met = set()
    for view, who in views(portal):
        client = client_as(who)
        with portal.app_context():
            total = db.session.scalar(text(f"SELECT count(*) FROM {view.entity.__tablename__}"))
        size = 3 if view.slug in FEW else 200 if total > 200 else 40
        for column in walked_columns(view, met):
            forth, last = walked(client, f"/{view.slug}/list/?order={column}&size={size}")
            rows = [row for page in forth for row in page]
            said = f"{view.slug} by {column}"
            assert len(rows) == len(set(rows)), said
            if view.slug in UNSCOPED:
                assert len(rows) == total, said
            back, _first = walked(client, f"/{view.slug}/list/?order=-{column}&size={size}")
            assert [row for page in back for row in page] == rows[::-1], said
            if len(forth) > 1:
                returned, first = walked(client, neighbour(last, "prev"), "prev")
                seen = [row for page in reversed(returned) for row in page]
                assert seen == rows[: len(seen)], said
                assert set(rows[: -len(forth[-1])]) <= set(seen), said
                assert neighbour(first, "prev") is None
    assert len(met) >= 8


def test_empty_values_are_paged_too(portal, client_as, many):
    client = client_as("station")
    shown, _last = walked(client, "/leading-groups/list/?order=formed_on&size=9")
    with portal.app_context():
        empty = select(LeadingGroup.id).where(LeadingGroup.formed_on.is_(None))
        without = {f"/leading-groups/show/{key}" for key in db.session.scalars(empty)}
    rows = [row for page in shown for row in page]
    assert len(without) > 20
    assert set(rows[-len(without) :]) == without  # last, on both engines


def test_a_page_link_keeps_what_was_asked(client_as, many):
    page = client_as("station").get("/workers/list/?q=队长&size=10&order=-name&origin=other")
    asked = parse_qs(urlsplit(neighbour(page, "next")).query)
    after = asked.pop("after")
    assert asked == {"q": ["队长"], "size": ["10"], "order": ["-name"], "origin": ["other"]}
    assert re.fullmatch(r"[\w-]+", after[0])


def test_the_log_is_paged_newest_first(portal, client_as, many):
    shown = keys(client_as("auditor").get("/audit/list/?size=50"))
    with portal.app_context():
        newest = db.session.scalars(select(AuditEntry.id).order_by(AuditEntry.id.desc()).limit(50))
        assert shown == [f"/audit/show/{key}" for key in newest]
