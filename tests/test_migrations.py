"""Migrations go down and up again on both engines, with rows, keys and triggers kept."""

import re

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError

from portal import clock, scope
from portal.extensions import db
from portal.models import AuditEntry, ImportBatch, ImportChange, Matter, Setting
from portal.rules import matters, work_orders
from portal.rules.imports.memory import packed
from portal.rules.reports import Report
from portal.rules.settings import load_settings
from tests.support.matters import BLOCK, CELL, COMMUNITY, category, who
from tests.support.rounds import sweep_at

FULL_TEXT = re.compile(r"_words(_\w+)?$")


def names_of_triggers():
    """The triggers of the database."""
    if db.engine.dialect.name == "sqlite":
        found = "SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
    else:
        found = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgname"
    return list(db.session.scalars(text(found)))


def not_a_search_table(item, name, kind, reflected, against):
    """Whether it is one of the models' tables, not the full text of one (SQLite)."""
    return kind != "table" or not FULL_TEXT.search(name)


def counted():
    """Rows per table."""
    return {
        table.name: db.session.scalar(text(f'SELECT count(*) FROM "{table.name}"'))
        for table in db.metadata.sorted_tables
    }


# PostgreSQL compares them; SQLite has no such index and cannot tell.
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression")
def test_the_migrations_make_exactly_the_models(portal):
    with portal.app_context(), db.engine.connect() as connection:
        opts = {"compare_type": False, "include_object": not_a_search_table}
        context = MigrationContext.configure(connection, opts=opts)
        differences = [
            entry
            for entry in compare_metadata(context, db.metadata)
            if not (entry[0] == "remove_table" and entry[1].name == "alembic_version")
        ]
        assert differences == []


def test_up_again_keeps_rows_and_triggers(portal):
    with portal.app_context():
        rows, triggers = counted(), names_of_triggers()
        assert rows["grids"] > 50 and triggers
        db.session.remove()
        upgrade()
        assert counted() == rows
        assert names_of_triggers() == triggers


def test_everything_goes_down_and_up(portal):
    with portal.app_context():
        db.session.remove()
        downgrade(revision="base")
        assert names_of_triggers() == []
        db.session.remove()
        upgrade()
        with scope.acting(scope.SYSTEM):
            assert load_settings(db.session) > 0
            db.session.commit()
        assert db.session.query(Setting).count() > 0
        db.session.remove()


def test_what_imports_remember_goes_down_row_by_row(portal):
    named = [(21, "甲", 1), (22, "乙", 3)]
    with portal.app_context():
        batch = ImportBatch(kind="grids", file_name="grids.csv", actor="station")
        with scope.acting(scope.SYSTEM):
            db.session.add(batch)
            db.session.flush()
        of = {"batch_id": batch.id, "table_name": "grids"}
        db.session.execute(insert(ImportChange), [of | packed(named)])
        db.session.commit()
        db.session.remove()
        downgrade(revision="0009")
        kept = db.session.execute(
            text("SELECT row_id, label, row_version FROM import_changes ORDER BY id")
        ).all()
        assert [tuple(row) for row in kept[-2:]] == named
        db.session.remove()
        upgrade()


def test_a_grid_that_a_sweep_named_twice_is_named_once(portal):
    with portal.app_context(), scope.acting(scope.SYSTEM):
        key = sweep_at(db.session, COMMUNITY).id
        db.session.commit()
        db.session.remove()
        downgrade(revision="0021")
        named = "INSERT INTO sweep_grids (sweep_id, grid_code) VALUES (:key, :code)"
        rows = [{"key": key, "code": code} for code in (CELL, BLOCK, CELL)]
        db.session.execute(text(named), rows)
        db.session.commit()
        db.session.remove()
        upgrade()
        kept = db.session.execute(text("SELECT grid_code FROM sweep_grids ORDER BY id")).scalars()
        assert kept.all() == [CELL, BLOCK]
        db.session.remove()


def test_the_day_of_12345_moves_to_the_matter_unless_a_unit_wrote_over_it(portal):
    due = clock.now().replace(microsecond=0)
    with portal.app_context():
        with scope.acting(who(db.session, "station")):
            keys = []
            for number, code in enumerate(("DI0202", "HZ0706")):
                told = Report(category(db.session, code).id, CELL, "情况", "hotline12345",
                              outside_number=f"M{number}", outside_due_at=due)  # fmt: skip
                keys.append(matters.report(db.session, told).id)
            unit = {"unit": "禁毒大队", "their_due": clock.today()}
            work_orders.move(db.session, keys[1], "handoff", unit)
        db.session.commit()
        days = text(
            "SELECT m.outside_due_at IS NULL, o.outside_due_at IS NULL FROM work_orders o"
            " JOIN matters m ON m.id = o.matter_id ORDER BY o.id"
        )
        assert db.session.execute(days).all() == [(False, True), (False, False)]
        db.session.remove()
        downgrade(revision="0022")
        held = "SELECT outside_due_at IS NULL FROM work_orders ORDER BY id"
        assert list(db.session.scalars(text(held))) == [False, False]
        db.session.remove()
        upgrade()
        assert db.session.execute(days).all() == [(False, True), (True, False)]
        first = select(Matter.outside_due_at).order_by(Matter.id).limit(1)
        assert clock.aware(db.session.scalar(first)) == due


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entries SET actor = 'x'", "DELETE FROM audit_entries"]
)
def test_the_audit_log_is_append_only_for_everybody(portal, statement):
    with portal.app_context():
        assert db.session.query(AuditEntry).count() > 0
        with pytest.raises(DBAPIError, match="append-only"):
            db.session.execute(text(statement))
        db.session.rollback()
