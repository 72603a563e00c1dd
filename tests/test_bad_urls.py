"""Crafted addresses and bodies: never a 500, never another's row, and nothing is changed."""

import base64
import json

import pytest
from sqlalchemy import text

from portal.extensions import db
from portal.views.entity.base import EntityView

READERS = {
    "users": "admin",
    "grants": "admin",
    "roles": "admin",
    "settings": "admin",
    "audit": "auditor",
    "deliveries": "admin",
}
HERE = "420102002990"
HUGE = "9" * 5000
NAUGHTY = (
    "\x00",
    "a\x00b",
    "٣",
    "²",
    "½",
    "１２",
    "-1",
    "0",
    "1e5",
    "1_0",
    "--5",
    " ",
    "😀",
    HUGE,
)


def cursor(*values):
    """A cursor as a page gives it out, with values of one's own."""
    raw = json.dumps(values).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


CURSORS = (
    "x", "%%%", "AAAA", "é", HUGE, cursor(), cursor(1), cursor(1, 2, 3), cursor("a", "b"),
    cursor(None, None), cursor([1], 1), cursor({}, 1), cursor(True, True), cursor(1, 10**30),
    cursor("x\x00", 1), cursor("\ud800", 1), cursor("2026-99-99", 1), cursor(1.5, 1),
    cursor("nothing", 5), cursor(5, 5), cursor(None, 5), cursor(10**12, 5),
    base64.urlsafe_b64encode(b"[" * 3000).decode(),
)  # fmt: skip
FIRST_WELL_FORMED = 8
assert CURSORS[FIRST_WELL_FORMED] == cursor("a", "b")
QUERIES = (
    "page=x", "page=-1", "size=-1", "size=0", "size=99999", f"size={HUGE}", "size=１２", "size=",
    "order=unknown", "order=-", "order=--name", "order=grid.name", "order=-phone",
    "order=__class__",
    "order=metadata", "_flt_9_x=1", "_flt_0_name=x", "_oc_WorkerView=phone&_od_WorkerView=desc",
    "psize_WorkerView=x", "page_WorkerView=x", "preset=unknown", "preset=__init__", "q=%00",
    "q=%25%25%25", "q=___", "q=%5C", "q=%5C%5C%25", "q='%20OR%201=1--",
    "q=%22;DROP%20TABLE%20workers",
    "q=%F0%28%8C%28", f"q={'春' * 3000}", f"q={'a ' * 500}", "q=%ED%A0%80", "grid_code=%00",
    "grid_code=%F4%8F%BF%BF", "grid_code=x", "grid_code=4201%25", f"grid_code={HUGE}",
    "grid_code=-1",
    "kind[]=1", "level=", "level=unknown", "after=&before=", "lang=xx", "%00=1", "a%00b=%00",
)  # fmt: skip


# These lists are asked everything. Every list reads addresses, keys and bodies with the same code.
FULL = ("workers", "meetings")


def share(slug, turn, everything, parts):
    """All of ``everything`` for FULL; of another list every so-manieth, each time others."""
    return everything if slug in FULL else everything[turn % parts :: parts]


def views(portal):
    """Every entity view with somebody who reads its list."""
    found = [v for v in portal.appbuilder.baseviews if isinstance(v, EntityView)]
    return [(view, READERS.get(view.slug, "station")) for view in found]


def counted(portal):
    """Rows per table, but for the log of exports and openings."""
    with portal.app_context():
        tables = [t.name for t in db.metadata.sorted_tables if t.name != "audit_entries"]
        return {t: db.session.scalar(text(f'SELECT count(*) FROM "{t}"')) for t in tables}


def get(client, path):
    """The answer to a GET, whatever stands in the address."""
    answer = client.raw.get(path)
    answer.close()
    assert answer.status_code < 500, f"{path[:200]}: {answer.status_code}"
    return answer


def test_no_query_of_a_list_breaks_it(portal, client_as):
    before = counted(portal)
    for turn, (view, who) in enumerate(views(portal)):
        client = client_as(who)
        for query in share(view.slug, turn, QUERIES, 8):
            assert get(client, f"/{view.slug}/list/?{query}").status_code in (200, 400)
        for number, name in enumerate(view.filter_names):
            # What no column can hold is asked of every filter.
            for value in {"\x00", HUGE, *share(view.slug, turn + number, NAUGHTY, 5)}:
                answer = client.raw.get(
                    f"/{view.slug}/list/", query_string={name: value, "size": 5}
                )
                assert answer.status_code in (200, 400), f"{view.slug} {name}={value!r:.60}"
    assert counted(portal) == before


def test_no_cursor_breaks_a_list(portal, client_as):
    met = set()
    for turn, (view, who) in enumerate(views(portal)):
        client = client_as(who)
        for number, column in enumerate(view.order_columns):
            # What is no cursor is told before any column is asked: once a list is enough. A cursor
            # is read by the type of the column: of each all of them, then some.
            cursors = CURSORS if number == 0 else CURSORS[FIRST_WELL_FORMED:]
            asked_of = view.entity.__mapper__.columns[column]
            kind = (type(asked_of.type), bool(asked_of.nullable))
            if kind in met:
                cursors = share(view.slug, turn + number, cursors, 6)
            met.add(kind)
            for text_ in cursors:
                asked = {"order": column, "after": text_, "size": 5}
                answer = client.raw.get(f"/{view.slug}/list/", query_string=asked)
                assert answer.status_code in (200, 400), f"{view.slug} {column} {text_[:60]}"
            answer = client.raw.get(f"/{view.slug}/list/?order=-{column}&before={CURSORS[0]}")
            assert answer.status_code == 400


IDS = (
    "0",
    "-1",
    "00",
    "1.5",
    "x",
    "٣",
    "²",
    "%00",
    "1%00",
    "1'--",
    "..",
    "2147483648",
    HUGE,
    "😀",
    " 1",
)


@pytest.mark.parametrize("page", ["show", "edit", "delete", "reveal"])
def test_no_key_breaks_a_page(portal, client_as, page):
    for turn, (view, who) in enumerate(views(portal)):
        client = client_as(who)
        for key in share(view.slug, turn, IDS, 5):
            column = "/phone" if page == "reveal" else ""
            answer = get(client, f"/{view.slug}/{page}/{key}{column}")
            assert answer.status_code in (400, 403, 404), f"{view.slug} {page} {key[:40]}"


def test_no_key_breaks_the_api(portal, client_as):
    header = {"X-CSRFToken": client_as("station").get("/logout/").form()["csrf_token"]}
    for slug in ("workers", "grids", "duties", "posts"):
        client = client_as("station")
        for key in IDS:
            found = (200,) if key == "٣" else (400, 404, 405)  # the router reads it as 3
            assert get(client, f"/api/v1/{slug}/{key}").status_code in found
            for method in ("put", "delete"):
                send = getattr(client.raw, method)
                answer = send(f"/api/v1/{slug}/{key}", json={"name": "x"}, headers=header)
                assert answer.status_code in (400, 403, 404), f"{method} {slug} {key[:40]}"


FILTERS = (
    "(filters:!((col:id,opr:eq,value:abc)))", "(filters:!((col:id,opr:eq,value:!t)))",
    f"(filters:!((col:id,opr:eq,value:{10**20})))", "(filters:!((col:id,opr:in,value:1)))",
    "(filters:!((col:id,opr:gt,value:!(a,b))))", "(filters:!((col:name,opr:sw,value:1)))",
    "(filters:!((col:name,opr:ct,value:!t)))", "(filters:!((col:created_at,opr:gt,value:x)))",
    "(filters:!((col:name,opr:nonsense,value:x)))", "(filters:!((col:name)))", "(filters:!(x))",
    "(filters:x)", "(page:-5)", "(page:99999999999999999999)", "(page:x)", "(page_size:-1)",
    "(page_size:99999)", "(order_column:x,order_direction:asc)",
    "(order_column:name,order_direction:x)",
    "(columns:!(password))", "(columns:!('grid.code'))", "(select_columns:!(x),columns:!(y))",
    "(keys:!(x))", "(((", "'", "!!!", "%00", "(filters:!((col:name,opr:eq,value:'%00')))",
    "(filters:!((col:grid.name,opr:eq,value:x)))", "(order_column:grid.name,order_direction:asc)",
)  # fmt: skip


def test_no_query_breaks_the_api(portal, client_as):
    for turn, (view, who) in enumerate(views(portal)):
        client = client_as(who)
        for query in share(view.slug, turn, FILTERS, 6):
            answer = get(client, f"/api/v1/{view.slug}/?q={query}")
            assert answer.status_code in (200, 400), f"{view.slug} {query}"
            if answer.status_code == 400:
                assert set(answer.json) == {"message", "fields"}, f"{view.slug} {query}"
            else:
                assert len(answer.json["result"]) <= 200
            assert get(client, f"/api/v1/{view.slug}/_info?q={query}").status_code in (200, 400)


BODIES = (
    {}, [], None, "x", 5, True, {"name": {"a": 1}}, {"name": ["x"]}, {"name": None},
    {"name": "\x00"},
    {"name": "\ud800"}, {"name": "x" * 100_000}, {"id": 1}, {"version": 7}, {"created_at": "x"},
    {"user_id": 1}, {"search_terms": "x"}, {"phone_index": "x"}, {"grid_code": 10**30},
    {"grid_code": "\x00"},
    {"households_declared": 10**12}, {"households_declared": -5}, {"level": "planet"},
    {"since": "x"},
    {"since": "0000-00-00"}, {"": ""}, {"__class__": "x"}, {"x" * 5000: 1},
)  # fmt: skip


def test_no_body_breaks_the_api(portal, client_as):
    client = client_as("station")
    header = {"X-CSRFToken": client.get("/logout/").form()["csrf_token"]}
    before = counted(portal)
    for turn, slug in enumerate(("grids", "workers", "posts", "duties", "hotlines", "teams")):
        found = client.get(f"/api/v1/{slug}/?q=(page_size:200)").json["result"]
        inside = [row for row in found if (row.get("grid_code", HERE) or "").startswith(HERE)]
        key = inside[-1]["id"]
        for body in share(slug, turn, BODIES, 3):
            for method, path in (("post", f"/api/v1/{slug}/"), ("put", f"/api/v1/{slug}/{key}")):
                answer = getattr(client.raw, method)(path, json=body, headers=header)
                assert answer.status_code in (400, 422), f"{method} {slug} {body!r:.60}"
                assert set(answer.json) == {"message", "fields"}
        for kind in ("text/plain", "application/xml", "multipart/form-data", "application/json"):
            for raw in (b"", b"{", b"\xff\xfe", b"[" * 50_000):
                answer = client.raw.post(
                    f"/api/v1/{slug}/", data=raw, content_type=kind, headers=header
                )
                assert answer.status_code == 400, f"{slug} {kind} {raw[:10]}"
    assert counted(portal) == before


TYPED = (*NAUGHTY, "'; DROP TABLE workers; --", "x" * 20_000, "9999-99-99", "0000-01-01")


def test_no_form_breaks_a_page(portal, client_as):
    before = counted(portal)
    for turn, (view, who) in enumerate(views(portal)):
        client = client_as(who)
        if not view.form_columns or client.get(f"/{view.slug}/add").status != 200:
            continue
        form = client.get(f"/{view.slug}/add").form()
        for value in {"\x00", HUGE, *share(view.slug, turn, TYPED, 4)}:
            typed = {name: value for name in form if name not in ("csrf_token", "once")}
            answer = client.raw.post(f"/{view.slug}/add", data=form | typed)
            assert answer.status_code in (400, 302), f"{view.slug} {value[:20]!r}"
            prefilled = client.raw.get(f"/{view.slug}/add", query_string=typed)
            assert prefilled.status_code in (200, 400), f"{view.slug} {value[:20]!r}"
    assert {n for n, count in counted(portal).items() if count != before[n]} <= {"regulations"}


def test_wrong_methods_formats_languages_and_tokens(portal, client_as):
    client = client_as("station")
    assert client.raw.post("/workers/list/").status_code in (400, 405)
    assert client.raw.put("/workers/show/1").status_code in (400, 405)
    assert client.raw.delete("/workers/delete/1").status_code in (400, 405)
    assert client.raw.patch("/api/v1/workers/1").status_code in (400, 405)
    for fmt in ("pdf", "", "csv%00", "..", "CSV", "xlsx/../../etc"):
        assert get(client, f"/workers/export/{fmt}").status_code in (400, 404)
    for language in ("xx", "zh_Hans_CN; DROP", "../../etc", "\\", "en_US"):
        other = client_as("station", language)
        assert other.get("/workers/list/").soup.html["lang"] == "zh-Hans"
    for data in ({}, {"csrf_token": "x"}, {"csrf_token": ""}):
        for path in ("/workers/add", "/workers/delete/1", "/workers/action_post", "/logout/"):
            assert client.raw.post(path, data=data).status_code == 400
    large = {"csrf_token": "x", "name": "x" * (33 * 1024 * 1024)}
    assert client.raw.post("/workers/add", data=large).status_code in (400, 413)


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example",
    "javascript:alert(1)",
     "///evil.example", "/%09/evil.example", "\t//evil.example", "http:evil.example",
     "/\t/evil.example"],
)  # fmt: skip
def test_nobody_is_sent_elsewhere(portal, client_as, target):
    chosen = client_as(None).raw.get("/preferences/", query_string={"lang": "en", "next": target})
    stranger = client_as(None)
    form = stranger.get("/login/").form()
    signed = stranger.raw.post(
        "/login/",
        query_string={"next": target},
        data=form | {"username": "clerk1", "password": "correct-horse-grid-47"},
    )
    for answer in (chosen, signed):
        assert answer.status_code == 302
        place = answer.headers["Location"]
        assert place.startswith("/")
        assert not place.startswith(("//", "/\\", "/\t"))


def test_actions_are_refused_without_sense(portal, client_as):
    client = client_as("station")
    token = client.get("/logout/").form()["csrf_token"]
    before = counted(portal)
    for data in (
        {}, {"action": "remove"}, {"action": "nonsense", "rowid": "1"}, {"rowid": "1"},
        {"action": "__init__", "rowid": "1"}, {"action": "remove", "rowid": ["x", "0", "-1"]},
        {"action": "remove", "rowid": [str(n) for n in range(1, 300)]},
        {"action": "remove", "rowid": HUGE, "confirmed": "yes"},
    ):  # fmt: skip
        answer = client.raw.post("/workers/action_post", data=data | {"csrf_token": token})
        assert answer.status_code in (400, 404)
    assert counted(portal) == before
