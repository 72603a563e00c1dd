"""``portal import`` and ``portal undo-import`` as a person calls them."""

import json
from pathlib import Path

import pytest
from sqlalchemy import func, select

from portal.cli.imports import import_command, undo_import
from portal.extensions import db
from portal.models import Grid, ImportBatch

BLOCK = "4201020029900109"
KEYS = {
    "batch",
    "rows",
    "created",
    "updated",
    "unchanged",
    "imported",
    "failed",
    "mended",
    "by_reason",
    "refused_file",
}


@pytest.fixture
def run(portal, tmp_path):
    """``run(command, *words)``: exit code and output."""

    def call(command, *words):
        result = portal.test_cli_runner().invoke(command, [str(word) for word in words])
        return result.exit_code, result.output

    return call


@pytest.fixture
def grids(tmp_path):
    """A file with one good and one bad row."""
    file = tmp_path / "grids.csv"
    file.write_text(f"code,name\n{BLOCK},九格\n{BLOCK}001,\n", encoding="utf-8")
    return file


def count(portal):
    """How many grids of the file are there, and how many batches."""
    with portal.app_context():
        return (
            db.session.scalar(select(func.count()).where(Grid.code.startswith(BLOCK))),
            db.session.scalar(select(func.count()).select_from(ImportBatch)),
        )


def test_report_rejects_exit_code_and_undo(portal, run, grids, tmp_path):
    report, rejects = tmp_path / "report.json", tmp_path / "rejects.csv"
    code, output = run(import_command, "grids", grids, "--report", report, "--rejects", rejects)
    assert code == 1
    told = json.loads(report.read_text(encoding="utf-8"))
    assert told.keys() >= KEYS
    assert (told["rows"], told["imported"], told["failed"]) == (2, 1, 1)
    assert told["imported"] == told["created"] + told["updated"] + told["unchanged"]
    assert told["by_reason"] == {"name_missing": 1}
    assert told["refused_file"] is None
    assert f"undo-import {told['batch']}" in output
    assert "row 3: name" in output
    assert f"{BLOCK}001" in rejects.read_text(encoding="utf-8-sig")
    assert count(portal) == (1, 1)

    assert run(undo_import, told["batch"])[0] == 0
    assert count(portal) == (0, 1)
    code, output = run(undo_import, told["batch"])
    assert code == 1
    assert str(told["batch"]) in output
    assert run(undo_import, 999)[0] == 1


def test_dry_run_and_all_or_nothing_keep_nothing(portal, run, grids):
    assert run(import_command, "grids", grids, "--dry-run")[0] == 1
    assert run(import_command, "grids", grids, "--all-or-nothing")[0] == 1
    assert count(portal) == (0, 0)


def test_a_refused_file_is_reported_too(portal, run, tmp_path):
    file, report = tmp_path / "grids.csv", tmp_path / "report.json"
    file.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00")
    code, output = run(import_command, "grids", file, "--report", report)
    assert code == 1
    assert "not_text" in output
    told = json.loads(report.read_text(encoding="utf-8"))
    assert told["refused_file"] == "not_text"
    assert (told["batch"], told["rows"], told["failed"]) == (None, 0, 0)
    assert run(import_command, "grids", tmp_path / "none.csv")[0] == 1
    assert count(portal) == (0, 0)


def test_a_mapping_file(portal, run, tmp_path):
    file, mapping = tmp_path / "grids.csv", tmp_path / "mapping.json"
    file.write_text(f"代号,叫法\n{BLOCK},九格\n", encoding="gb18030")
    mapping.write_text(json.dumps({"代号": "code", "叫法": "name"}), encoding="utf-8")
    assert run(import_command, "grids", file)[0] == 1
    assert run(import_command, "grids", file, "--mapping", mapping)[0] == 0
    assert count(portal) == (1, 1)


def test_rejected_boundaries_come_back_as_geojson(portal, run, tmp_path):
    file, rejects = tmp_path / "boundaries.geojson", tmp_path / "rejects.geojson"
    ring = [[114, 30], [114.1, 30], [114.1, 30.1], [114, 30]]
    feature = {
        "type": "Feature",
        "id": "420199",
        "properties": {},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    assert run(import_command, "boundaries", file, "--rejects", rejects)[0] == 1
    back = json.loads(rejects.read_text(encoding="utf-8"))["features"][0]
    assert back["properties"]["code"] == "420199"
    assert back["geometry"] == feature["geometry"]
    assert run(import_command, "boundaries", rejects)[0] == 1


def test_a_report_that_cannot_be_written_stops_the_import_before_it_begins(portal, run, grids):
    code, _output = run(import_command, "grids", grids, "--report", Path("/nowhere/report.json"))
    assert code == 2
    assert count(portal) == (0, 0)
