"""The published list of divisions and their boundaries: real data, there and back."""

import json
from pathlib import Path

import pytest
from sqlalchemy import func, select

from portal.models import AuditEntry, Grid, ImportBatch, ImportChange
from portal.rules.imports import KINDS, Options, run_import, undo_import

DATA = Path(__file__).parent / "data"
COMMUNITIES = DATA / "wuhan-communities.csv"
DISTRICTS = DATA / "wuhan-districts.geojson"
DEMO = "420102002990"


def load(session, kind, file, **options):
    """Import and commit."""
    report = run_import(session, KINDS[kind], file, Options(**options))
    session.commit()
    return report


def everything(session):
    """All grids, column by column."""
    columns = Grid.__table__.c
    rows = session.execute(select(*columns).order_by(columns.code)).mappings()
    return {row["code"]: dict(row) for row in rows}


def divisions_file(tmp_path, *rows):
    """A small list; rows are (code, name)."""
    file = tmp_path / "divisions.csv"
    lines = [f"{code},{name}" for code, name in rows]
    file.write_text("\n".join(["code,name", *lines]), encoding="utf-8")
    return file


def test_a_city_there_and_back_and_there_again(session):
    before = everything(session)
    first = load(session, "divisions", COMMUNITIES)
    assert (first.rows, first.created, first.failed) == (3495, 3495, 0)
    assert first.also_created == {"district": 12, "street": 192}  # one of each is the demo's
    after = everything(session)
    assert len(after) == len(before) + 3495 + 12 + 192
    assert {code: after[code] for code in before} == before
    assert all(row["parent_code"] in after for row in after.values() if len(row["code"]) > 6)
    assert after["420106"]["name"] == "420106"

    again = load(session, "divisions", COMMUNITIES)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 3495)
    assert everything(session) == after

    undone = undo_import(session, first.batch)
    session.commit()
    assert (undone.removed, undone.restored, undone.refused) == (3495 + 12 + 192, 0, [])
    assert everything(session) == before

    assert load(session, "divisions", COMMUNITIES).created == 3495


def test_new_divisions_are_found_by_pinyin_and_audited(session, tmp_path):
    report = load(session, "divisions", divisions_file(tmp_path, ("420106001001", "紫阳社区")))
    assert report.also_created == {"district": 1, "street": 1}
    found = session.scalar(select(Grid).where(Grid.search_terms.contains(" ziyangshequ ")))
    assert (found.code, found.level, found.parent_code) == (
        "420106001001",
        "community",
        "420106001",
    )
    entries = session.scalars(select(AuditEntry).where(AuditEntry.row_id == found.id)).all()
    ours = [entry for entry in entries if entry.table_name == "grids"]
    assert [(entry.action, entry.grid_code) for entry in ours] == [("insert", "420106001001")]
    assert json.loads(ours[0].changes)["name"] == "紫阳社区"
    batch = session.get(ImportBatch, report.batch)
    assert (batch.kind, batch.created, batch.actor) == ("divisions", 1, "system")


def test_an_existing_name_is_kept_unless_renamed(session, tmp_path):
    old = session.scalar(select(Grid.name).where(Grid.code == DEMO))
    file = divisions_file(tmp_path, (DEMO, "别的社区"))
    assert load(session, "divisions", file).unchanged == 1
    assert session.scalar(select(Grid.name).where(Grid.code == DEMO)) == old
    report = load(session, "divisions", file, rename=True)
    assert report.updated == 1
    renamed = session.scalar(select(Grid).where(Grid.code == DEMO))
    assert renamed.name == "别的社区"
    assert " bdsq " in renamed.search_terms
    undo_import(session, report.batch)
    session.commit()
    restored = session.scalar(select(Grid).where(Grid.code == DEMO))
    assert restored.name == old
    assert " bdsq " not in restored.search_terms


def test_a_street_without_a_name_takes_one_later(session, tmp_path):
    load(session, "divisions", divisions_file(tmp_path, ("420106001001", "紫阳社区")))
    report = load(session, "divisions", divisions_file(tmp_path, ("420106001", "紫阳街道")))
    assert report.updated == 1
    assert session.scalar(select(Grid.name).where(Grid.code == "420106001")) == "紫阳街道"


def test_divisions_that_contradict_themselves(session, tmp_path):
    file = tmp_path / "divisions.csv"
    file.write_text(
        "code,name,streetCode,areaCode\n"
        "420106001001,甲,420106001,420106\n"
        "420106001001,甲,420106001,420106\n"
        "420106001002,乙,420106002,420106\n"
        "4201060010,丙,,\n"
        ",丁,,\n"
        "420106001003,,,\n",
        encoding="utf-8",
    )
    report = load(session, "divisions", file)
    assert (report.created, report.failed) == (1, 5)
    assert report.by_reason == {
        "duplicate_row": 1,
        "parent_mismatch": 1,
        "bad_code": 1,
        "code_missing": 1,
        "name_missing": 1,
    }


def test_boundaries_of_districts_are_mended_and_reported(session):
    load(session, "divisions", COMMUNITIES)
    report = load(session, "boundaries", DISTRICTS)
    assert (report.rows, report.updated, report.failed) == (13, 13, 0)
    assert report.mended == {"invalid_ring": 13}
    named = dict(session.execute(select(Grid.code, Grid.name)).all())
    assert named["420106"] == "武昌区"
    assert load(session, "boundaries", DISTRICTS).unchanged == 13
    undone = undo_import(session, report.batch)
    session.commit()
    assert undone.restored == 13
    left = session.scalar(
        select(func.count()).where(Grid.level == "district", Grid.boundary.is_not(None))
    )
    assert left == 0


def feature(key, coordinates, **properties):
    """One feature with a polygon of one ring."""
    return {
        "type": "Feature",
        "id": key,
        "properties": properties,
        "geometry": {"type": "Polygon", "coordinates": [coordinates]},
    }


def square(x, y, size=0.001):
    """A closed ring."""
    corners = [(x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y)]
    return [list(corner) for corner in corners]


def collection(tmp_path, *features):
    """A GeoJSON file."""
    file = tmp_path / "boundaries.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return file


def test_boundaries_that_cannot_be_used_are_named(session, tmp_path):
    bow = [[114.0, 30.0], [114.01, 30.01], [114.01, 30.0], [114.0, 30.01], [114.0, 30.0]]
    file = collection(
        tmp_path,
        feature(DEMO, bow),
        feature("420199", square(114.0, 30.0)),
        feature("420102", square(114.0, 30.0), crs="mars"),
        {"type": "Feature", "id": "420102002", "properties": None, "geometry": None},
        feature(None, square(114.0, 30.0)),
        "nonsense",
    )
    report = load(session, "boundaries", file)
    assert (report.updated, report.failed) == (0, 6)
    assert report.by_reason == {
        "bad_boundary": 2,
        "unknown_grid": 1,
        "unknown_crs": 1,
        "code_missing": 2,
    }
    assert DEMO in next(e for e in report.errors if e["row"] == 1)["message"]


@pytest.mark.parametrize(("system", "shifted"), [("wgs84", False), ("gcj02", True)])
def test_the_reference_system_of_a_feature(session, tmp_path, system, shifted):
    ring = square(114.3, 30.6)
    file = collection(tmp_path, feature("x", ring, code="420102", crs=system))
    assert load(session, "boundaries", file).updated == 1
    text = session.scalar(select(Grid.boundary).where(Grid.code == "420102"))
    west = min(x for x, _y in json.loads(text)["coordinates"][0])
    # The shift of the maps' datum is some hundred metres there, about 0.005 degrees.
    assert (0.004 < 114.3 - west < 0.007) if shifted else west == pytest.approx(114.3)


def test_a_dry_run_counts_the_same_and_writes_nothing(session):
    before = everything(session)
    report = load(session, "divisions", COMMUNITIES, dry_run=True)
    assert (report.batch, report.created, report.also_created["street"]) == (None, 3495, 192)
    assert everything(session) == before
    assert session.scalar(select(func.count()).select_from(ImportBatch)) == 0
    assert session.scalar(select(func.count()).select_from(ImportChange)) == 0
