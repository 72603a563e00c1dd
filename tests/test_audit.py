"""The audit log: every change, who and where from, nothing private, nothing taken back."""

import json
from datetime import date

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from portal import models, scope
from portal.extensions import db
from portal.models import AuditEntry, Team, Worker
from portal.models.types import EncryptedText, blind_index
from portal.rules.masking import HIDDEN, mask

CELL, AREA = "4201020029900101001", "42010200299001"
PHONE, OTHER_PHONE = "15400007777", "15400008888"
REQUEST = {"X-Request-ID": "audit-test-1"}


def entries(portal, **where):
    """Entries of the log, oldest first."""
    with portal.app_context():
        found = select(AuditEntry).filter_by(**where).order_by(AuditEntry.id)
        return [
            (e.action, e.actor, e.row_label, json.loads(e.changes or "{}"), e.grid_code, e.reason)
            for e in db.session.scalars(found)
        ]


def post(client, path, values, **headers):
    """Fills and sends the form at ``path`` with a request id of ours."""
    form = client.get(path).form()
    return client.post(path, {**form, **values}, headers=REQUEST | headers)


def test_adding_changing_and_deleting_leave_entries_without_private_values(portal, client_as):
    clerk, station = client_as("clerk1"), client_as("station")
    typed = {"name": "记录甲", "grid": CELL, "origin": "volunteer", "phone": PHONE}
    added = post(clerk, "/workers/add", typed)
    key = int(added.location.rsplit("/", 1)[1])
    changed = {"name": "记录乙", "phone": OTHER_PHONE, "grid": AREA}
    assert post(clerk, f"/workers/edit/{key}", changed).status == 302
    assert post(station, f"/workers/delete/{key}", {}).status == 302
    made, edited, gone = entries(portal, table_name="workers", row_id=key)
    assert made[:3] == ("insert", "clerk1", "记录甲")
    assert made[3] == {
        "name": "记录甲", "origin": "volunteer", "phone": HIDDEN, "grid_code": CELL, "id": key,
    }  # fmt: skip
    assert edited[:3] == ("update", "clerk1", "记录乙")
    assert edited[3] == {
        "name": ["记录甲", "记录乙"], "phone": [HIDDEN, HIDDEN], "grid_code": [CELL, AREA],
    }  # fmt: skip
    assert gone[:3] == ("delete", "station", "记录乙")
    assert [entry[4] for entry in (made, edited, gone)] == [CELL, AREA, AREA]
    with portal.app_context():
        rows = db.session.scalars(select(AuditEntry).where(AuditEntry.row_id == key)).all()
        rows = [row for row in rows if row.table_name == "workers"]
        assert {row.request_id for row in rows} == {"audit-test-1"}
        assert {row.address for row in rows} == {"127.0.0.1"}
        assert all(row.actor_id for row in rows)


def test_every_governed_table_is_logged(session):
    day = date(2026, 1, 5)
    worker = Worker(name="甲", grid_code=AREA, origin="other")
    session.add(worker)
    session.flush()
    rows = [
        worker,
        models.Grid(code=f"{AREA}99", name="新格", level="block", parent_code=AREA),
        models.Post(worker_id=worker.id, grid_code=AREA, role="volunteer", basis="volunteer",
        since=day),
        Team(name="甲队", kind="patrol", grid_code=AREA),
        models.LeadingGroup(name="甲组", grid_code=AREA),
        models.Hotline(name="甲线", scope="grid", grid_code=AREA),
        models.Duty(code="X1", title="甲", group_no=1, role="x", frequency="weekly"),
        models.Regulation(code="X1", title="甲", text="x"),
        models.Setting(key="x", value="1"),
        models.ImportBatch(kind="grids", file_name="x", actor="x"),
        models.AccountGrant(user_id=1, role="Clerk", grid_code=AREA, since=day),
        models.AccountState(user_id=1),
        models.PostRole(
            code="x", level="cell", name_zh="甲", name_en="x", position=99, min_count=0
        ),
    ]  # fmt: skip
    before = session.scalar(select(db.func.max(AuditEntry.id)))
    session.execute(text("DELETE FROM account_states WHERE user_id = 1"))
    session.add_all(rows[1:])
    session.flush()
    found = session.scalars(select(AuditEntry).where(AuditEntry.id > before)).all()
    assert {entry.table_name for entry in found} >= {type(row).__tablename__ for row in rows[1:]}
    assert {(entry.action, entry.actor) for entry in found} == {("insert", "system")}


def test_lists_of_rows_are_logged_too(portal, client_as):
    station = client_as("station")
    with portal.app_context():
        team = db.session.scalar(select(Team.id).where(Team.grid_code == AREA))
        names = [w.name for w in db.session.get(Team, team).members]
        own = select(Worker).where(Worker.grid_code == CELL).limit(1)
        worker = db.session.scalars(own).one()
        key, name = worker.id, worker.name
    assert names
    assert station.submit(f"/teams/edit/{team}", {"members": str(key)}).status == 302
    action, actor, _label, changes, grid, _reason = entries(
        portal, table_name="teams", row_id=team
    )[-1]
    assert (action, actor, grid) == ("update", "station", AREA)
    out, into = changes["members"]
    assert sorted(out) == sorted(names)
    assert into == [name]


def test_opening_a_private_value_needs_a_reason_and_is_logged(portal, client_as):
    clerk = client_as("clerk1")
    with portal.app_context():
        worker = db.session.scalars(select(Worker).where(Worker.grid_code == CELL)).first()
        key, phone = worker.id, worker.phone
    path = f"/workers/reveal/{key}/phone"
    assert phone not in clerk.get(path).text
    for reason in ("", "abc", " " * 9, "x" * 201):
        refused = clerk.submit(path, {"reason": reason})
        assert refused.status == 400
        assert phone not in refused.text
    assert clerk.post(path, {"reason": "没有令牌"}).status == 400
    assert entries(portal, action="reveal") == []
    assert phone in clerk.submit(path, {"reason": "核对排班电话"}, check=False).text
    assert phone not in clerk.get(f"/workers/show/{key}").text  # once, not for good
    opened = entries(portal, action="reveal")
    assert opened == [("reveal", "clerk1", worker.name, {"column": "phone"}, CELL, "核对排班电话")]
    shown = client_as("auditor").get("/audit/list/?action=reveal")
    assert "核对排班电话" in shown.text
    for column in ("phone_index", "search_terms", "name", "user_id", "__class__"):
        assert clerk.get(f"/workers/reveal/{key}/{column}").status == 404


def test_exports_and_sign_ins_are_logged(portal, client_as):
    fresh = client_as(None)
    fresh.sign_in("clerk1", "wrong-password-1")
    fresh.sign_in("clerk1")
    fresh.get("/workers/export/csv?origin=police&q=zh")
    fresh.submit("/logout/")
    exported = entries(portal, action="export", table_name="workers")[-1]
    assert exported[1] == "clerk1"
    assert exported[3]["origin"] == "police"
    assert exported[3]["q"] == "zh"
    told = [(e[0], e[1]) for e in entries(portal, table_name="ab_user", row_label="clerk1")]
    signed = [action for action, _actor in told if action.startswith("sign_")]
    assert signed[-3:] == ["sign_in_failed", "sign_in", "sign_out"]


def test_a_refused_change_leaves_no_entry(portal, client_as):
    before = len(entries(portal))
    clerk = client_as("clerk1")
    between = len(entries(portal))
    typed = {"name": "", "grid": CELL, "origin": "volunteer"}
    assert clerk.submit("/workers/add", typed).status == 400
    outside = {"name": "x", "grid": "42010200299002", "origin": "volunteer"}
    assert clerk.submit("/workers/add", outside).status == 400
    assert len(entries(portal)) == between >= before


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_entries SET actor = 'x'", "DELETE FROM audit_entries",
     "DELETE FROM audit_entries WHERE id = 1",
     "UPDATE audit_entries SET changes = NULL WHERE id = 1"],
)  # fmt: skip
def test_nobody_takes_an_entry_back(portal, statement):
    with portal.app_context():
        before = db.session.scalar(text("SELECT count(*) FROM audit_entries"))
        with pytest.raises(DBAPIError, match="append-only"):
            db.session.execute(text(statement))
        db.session.rollback()
        with db.engine.connect() as raw, pytest.raises(DBAPIError, match="append-only"):
            raw.execute(text(statement))
        if db.engine.dialect.name == "postgresql":
            with db.engine.connect() as raw, pytest.raises(DBAPIError, match="append-only"):
                raw.execute(text("TRUNCATE audit_entries"))
        assert db.session.scalar(text("SELECT count(*) FROM audit_entries")) == before > 100
        with scope.acting(scope.SYSTEM):
            db.session.delete(db.session.get_one(AuditEntry, 1))
            with pytest.raises(DBAPIError, match="append-only"):
                db.session.flush()
        db.session.rollback()


def test_bulk_statements_say_that_they_are_logged(session):
    table = Worker.__table__
    for statement in (
        update(Worker).values(name="x"),
        delete(Worker),
        update(table).values(name="x"),
        delete(table),
        update(models.User).values(active=False),
    ):
        with pytest.raises(RuntimeError, match="audited"):
            session.execute(statement)
        said = statement.where(text("1 = 0")).execution_options(audited=True)
        assert session.execute(said).rowcount == 0
    with pytest.raises(RuntimeError, match="audited"):
        session.query(Worker).delete()
    session.execute(insert(AuditEntry), [{"action": "x", "actor": "x", "table_name": "x"}])


def dump(portal):
    """Everything that the database stores, as text."""
    with portal.app_context():
        tables = [table.name for table in db.metadata.sorted_tables]
        rows = [db.session.execute(text(f'SELECT * FROM "{name}"')).all() for name in tables]
        if db.engine.dialect.name == "sqlite":
            file = str(db.engine.url.database)
            db.session.remove()
            raw = b""
            for suffix in ("", "-wal"):
                try:
                    with open(file + suffix, "rb") as stored:
                        raw += stored.read()
                except FileNotFoundError:
                    continue
            return str(rows), raw
    return str(rows), str(rows).encode()


def test_private_numbers_are_nowhere_in_clear(portal, client_as):
    clerk = client_as("clerk1")
    typed = {"name": "加密甲", "grid": CELL, "origin": "volunteer", "phone": PHONE}
    key = int(clerk.submit("/workers/add", typed).location.rsplit("/", 1)[1])
    clerk.submit(f"/workers/edit/{key}", {"phone": OTHER_PHONE})
    with portal.app_context():
        phones = db.session.scalars(select(Worker.phone).where(Worker.phone.is_not(None))).all()
        stored = text("SELECT phone FROM workers WHERE phone IS NOT NULL")
        sealed = db.session.scalars(stored).all()
    assert len(phones) > 200
    assert OTHER_PHONE in phones
    assert len(set(sealed)) == len(sealed) == len(phones)
    everything, raw = dump(portal)
    for phone in (*phones, PHONE):
        assert phone not in everything
        assert phone.encode() not in raw


def test_equal_numbers_look_different_and_a_changed_one_is_noticed(session):
    rows = [Worker(name=n, grid_code=CELL, origin="other", phone=PHONE) for n in ("甲", "乙")]
    session.add_all(rows)
    session.flush()
    raw = text("SELECT phone FROM workers WHERE id = :id")
    first, second = (session.execute(raw, {"id": row.id}).scalar_one() for row in rows)
    assert first != second
    assert rows[0].phone_index == rows[1].phone_index == blind_index("workers.phone", PHONE)
    altered = first[:-6] + ("A" if first[-6] != "A" else "B") + first[-5:]
    change = text("UPDATE workers SET phone = :value WHERE id = :id")
    session.execute(change, {"value": altered, "id": rows[0].id})
    session.expire_all()
    with pytest.raises(ValueError, match="no key"):
        _ = rows[0].phone
    moved = EncryptedText("workers.other")
    with pytest.raises(ValueError, match="no key"):  # a value belongs to its column
        moved.process_result_value(second, None)


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("value", "shown"),
    [("13812345678", "138****5678"), ("027-87654321", "027****4321"), ("12345", HIDDEN), ("", ""),
     ("420102199001011234", "420102********1234"), ("42010219900101123X", "420102********123X")],
)  # fmt: skip
def test_masks(value, shown):
    assert mask(value) == shown
