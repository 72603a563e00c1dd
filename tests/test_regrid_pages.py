"""The pages of regridding: preview, carry out, result; who may; what the public sees after."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import select

from portal.extensions import db
from portal.models import Building, Grid, GridChange, Resident
from portal.scope import SYSTEM, acting
from tests.support.client import PageClient
from tests.support.counting import count_statements
from tests.support.regridding import BESIDE, BLOCK, CELL, settle_people, shop

Client = Callable[..., PageClient]
NEXT = BLOCK + "005"
ASKED = {"outcome": "partly", "asked_on": "2026-01-05", "asked_how": "居民会议", "note": "道路改造"}


def planted(portal: Flask, *cells: str, sizes: tuple[int, ...] = (2, 3, 4)) -> dict[str, Any]:
    """Buildings with people in cells: cell → keys of the buildings; the keys of the cells."""
    with portal.app_context(), acting(SYSTEM):
        found: dict[str, Any] = {
            cell: [b.id for b in settle_people(db.session, cell, sizes, prefix=cell[-1])]
            for cell in cells
        }
        found["shop"] = shop(db.session, cells[0], "小店").id
        found["ids"] = dict(db.session.execute(select(Grid.code, Grid.id)).all())
        db.session.commit()
    return found


def split_of(there: dict[str, Any], **more: str) -> dict[str, str]:
    first, *others = there[CELL]
    return {
        "parts": "2", "name1": "东格", "kind1": "gated", "name2": "西格", "kind2": "gated",
        "keeps": "1", f"b{first}": "1", **{f"b{key}": "2" for key in others},
        f"o{there['shop']}": "2",
    } | more  # fmt: skip


def seen(page: Any) -> str:
    return str(page.one("input[name=seen]")["value"])


def test_a_split_from_the_page_of_the_cell_to_its_result(portal: Flask, client_as: Client) -> None:
    there = planted(portal, CELL)
    key = there["ids"][CELL]
    station = client_as("station", "en")
    assert f"/grids/regrid/{key}" in station.get(f"/grids/show/{key}").text
    start = station.get(f"/grids/regrid/{key}")
    assert start.status == 200
    assert "few" in start.one("#proposals").get_text() or start.soup.select("#proposals")
    path = f"/grids/regrid/{key}/split"
    filled = station.get(f"{path}?plan=1")
    assert filled.status == 200
    assert len(filled.soup.select("#buildings input[checked]")) == 3
    empty = station.submit(path, {"do": "preview", "parts": "2"})
    assert empty.status == 400
    assert "which part" in empty.one("#errors").get_text()
    choice = split_of(there)
    preview = station.submit(path, choice | {"do": "preview"})
    assert preview.status == 200
    text = preview.one("main").get_text(" ")
    assert all(word in text for word in ("东格", "西格", NEXT, "too few", "Standard: 200 to 250"))
    # Without a word of the residents nothing happens, and everything stays as it was typed.
    refused = station.submit(path, choice | {"do": "carry", "seen": seen(preview)})
    assert refused.status == 400
    assert "residents" in refused.one("#errors").get_text()
    assert refused.one("#name2")["value"] == "西格"
    done = station.submit(path, choice | ASKED | {"do": "carry", "seen": seen(refused)})
    assert done.status == 302
    page = station.get(done.location)
    assert page.status == 200
    assert "was split into" in page.one("main .sub").get_text()
    assert "Some have other opinions" in page.text
    assert "was split into" in station.get(f"/grids/show/{key}").text
    with portal.app_context():
        rows = db.session.scalars(select(Building.grid_code).order_by(Building.id)).all()
        assert rows == [CELL, NEXT, NEXT]
        change = db.session.scalars(select(GridChange)).one()
        assert (change.actor, change.asked_how) == ("station", "居民会议")
    again = station.submit(path, choice | ASKED | {"do": "carry", "seen": seen(preview)})
    assert again.status == 400


def test_somebody_else_was_quicker(portal: Flask, client_as: Client) -> None:
    there = planted(portal, CELL)
    path = f"/grids/regrid/{there['ids'][CELL]}/split"
    station, choice = client_as("station", "en"), split_of(there)
    old = seen(station.submit(path, choice | {"do": "preview"}))
    target = {"target": BESIDE, "building": str(there[CELL][0])}
    beside = f"/grids/regrid/{there['ids'][CELL]}/buildings"
    token = seen(station.submit(beside, target | {"do": "preview"}))
    assert station.submit(beside, target | ASKED | {"do": "carry", "seen": token}).status == 302
    late = station.submit(path, choice | ASKED | {"do": "carry", "seen": old})
    assert late.status == 400
    told = late.one("#errors").get_text()
    assert "station regridded here at" in told or "Part 1 has no building" in told


def test_a_merge_and_what_the_public_and_the_boards_see(portal: Flask, client_as: Client) -> None:
    there = planted(portal, CELL, BESIDE)
    path = f"/grids/regrid/{there['ids'][CELL]}/merge"
    station, public = client_as("station"), client_as(None)
    choice = {"cell": BESIDE, "name": "合格", "kind": "gated", "keeps": "", "first": BESIDE}
    preview = station.submit(path, choice | {"do": "preview"})
    assert preview.status == 200
    assert "今日终止" in preview.text
    done = station.submit(path, choice | ASKED | {"do": "carry", "seen": seen(preview)})
    assert done.status == 302
    for code in (CELL, BESIDE):
        moved = public.get(f"/directory/{code}")
        assert (moved.status, moved.location) == (301, f"/directory/{NEXT}")
    assert public.get(f"/directory/{NEXT}").status == 200
    leader = client_as("leader01")
    # Whose post ended with the cell sees nothing of it any more.
    assert leader.get(f"/grids/show/{there['ids'][BESIDE]}").status == 403


def test_a_dissolved_cell_shows_the_way_to_its_parts(portal: Flask, client_as: Client) -> None:
    there = planted(portal, CELL)
    path = f"/grids/regrid/{there['ids'][CELL]}/split"
    station, choice = client_as("station", "en"), split_of(there, keeps="0", heir="2")
    token = seen(station.submit(path, choice | {"do": "preview"}))
    assert station.submit(path, choice | ASKED | {"do": "carry", "seen": token}).status == 302
    gone = client_as(None, "en").get(f"/directory/{CELL}")
    assert gone.status == 410
    links = [str(link["href"]) for link in gone.soup.select("main ul a")]
    assert links == [f"/directory/{NEXT}", f"/directory/{BLOCK}006"]
    assert station.get(f"/grids/regrid/{there['ids'][CELL]}").status == 404


def test_only_the_station_may(portal: Flask, client_as: Client) -> None:
    there = planted(portal, CELL)
    key, path = there["ids"][CELL], f"/grids/regrid/{there['ids'][CELL]}/move"
    for who, status in (("leader01", 403), ("area1", 403), ("area2", 404), ("leader30", 404)):
        for address in (path, f"/grids/regrid/{key}"):
            assert client_as(who).get(address).status == status, who
        sent = client_as(who).submit(
            path, {"under": BLOCK[:-1] + "2", "do": "preview"}, page="/desk/"
        )
        assert sent.status == status, who
    station = client_as("station", "en")
    choice = {"under": BLOCK[:-1] + "2", "do": "preview"}
    preview = station.submit(path, choice)
    moved = station.submit(path, choice | ASKED | {"do": "carry", "seen": seen(preview)})
    assert moved.status == 302
    assert station.get(f"/grids/regridded/{'9' * 20}").status == 404
    # The result is there for whoever sees one of the grids, and for nobody else.
    assert client_as("area1").get(moved.location).status == 200
    assert client_as("area2").get(moved.location).status == 404
    new = BLOCK[:-1] + "2004"
    answer = client_as(None).get(f"/directory/{CELL}")
    assert (answer.status, answer.location) == (301, f"/directory/{new}")
    with portal.app_context():
        assert set(db.session.scalars(select(Resident.grid_code))) == {new}
    assert client_as("leader01").get(f"/grids/show/{key}").status == 200


def test_the_pages_ask_no_more_for_many_buildings(portal: Flask, client_as: Client) -> None:
    there = planted(portal, CELL, sizes=(1, 1))
    station = client_as("station")
    path = f"/grids/regrid/{there['ids'][CELL]}"
    counts = []
    for prefix in ("a", "b"):
        for page in (path, f"{path}/split"):
            with count_statements(portal) as asked:
                assert station.get(page).status == 200
            counts.append(len(asked))
        with portal.app_context(), acting(SYSTEM):
            settle_people(db.session, CELL, (1,) * 12, prefix=prefix)
            db.session.commit()
    assert counts[:2] == counts[2:]
