"""Sweeps: gone through cell by cell in single taps, measured by grid, told of before the end."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import clock, scope
from portal.errors import OutOfScope, RuleError
from portal.extensions import db
from portal.models import (
    AccountGrant,
    Matter,
    Message,
    PatrolCheck,
    Place,
    Sweep,
    SweepCheck,
    SweepFinding,
    SweepLine,
)
from portal.models.sweep import SWEEP_GRIDS
from portal.queries import sweeps as queries
from portal.rules import sweep_round, sweeps
from portal.rules.regrid import Consent, Merge, carry_out, plan, seen_now
from portal.scope import EVERYWHERE, acting
from tests.support.client import PageClient
from tests.support.counting import count_statements
from tests.support.matters import AREA, BLOCK, CELL, COMMUNITY, category, id_of, who
from tests.support.rounds import place_at, sweep_at

Client = Callable[..., PageClient]
BESIDE = CELL[:-1] + "2"


@pytest.fixture
def session(portal: Flask) -> Iterator[Session]:
    with portal.app_context(), scope.acting(scope.SYSTEM):
        yield db.session


def items(session: Session, sweep: Sweep, code: str) -> list[queries.Item]:
    return queries.items(session, sweep, [code])


def covered(session: Session, sweep: Sweep, code: str) -> tuple[int, int]:
    (cell,) = queries.coverage(session, [sweep], [code])[sweep.id]
    return cell.done, cell.total


def go(session: Session, sweep: Sweep, username: str, *which: queries.Item) -> int:
    with acting(who(session, username)):
        return sweeps.nothing(session, sweep, which)


def test_lines_and_places_are_gone_through_once(session: Session) -> None:
    sweep = sweep_at(session, COMMUNITY, place_kind="warehouse")
    place = place_at(session, CELL)
    place_at(session, CELL, "学校", kind="school")
    all_of_it = items(session, sweep, CELL)
    assert [item.text for item in all_of_it] == ["楼道堆物", "电动车充电", "东仓库"]
    assert covered(session, sweep, CELL) == (0, 3)
    assert go(session, sweep, "worker07", all_of_it[0]) == 1
    assert go(session, sweep, "leader07", *all_of_it) == 2  # one was done before
    assert go(session, sweep, "worker07", *all_of_it) == 0
    assert covered(session, sweep, CELL) == (3, 3)
    assert covered(session, sweep, BESIDE) == (0, 2)
    looks = session.scalars(select(PatrolCheck)).all()  # a place looked at was patrolled too
    assert {(one.place_id, one.result) for one in looks} == {(place.id, "nothing")}
    place.off_list_on, place.next_patrol_on = clock.today(), None
    session.flush()
    assert covered(session, sweep, CELL) == (2, 2)


def test_only_own_cells_only_its_days_only_its_lines(session: Session) -> None:
    sweep = sweep_at(session, COMMUNITY)
    with pytest.raises(OutOfScope):
        go(session, sweep, "worker07", *items(session, sweep, BESIDE))
    other = sweep_at(session, COMMUNITY, "另一次")
    line = items(session, other, CELL)[0]
    for key in (line.key, "L1-x", "P999", f"L{line.line_id}-420102002991", ""):
        with pytest.raises(OutOfScope):
            sweeps.item_of(session, sweep, key)
    sweep.starts_on = sweep.ends_on = clock.today() - timedelta(days=1)
    session.flush()
    with pytest.raises(RuleError):
        go(session, sweep, "worker07", items(session, sweep, CELL)[0])


def test_a_line_that_was_gone_through_stays(session: Session) -> None:
    sweep = sweep_at(session, COMMUNITY)
    go(session, sweep, "worker07", items(session, sweep, CELL)[1])
    sweep.checklist = "电动车充电\n疏散指示\n电动车充电"
    sweeps.keep_lines(session, sweep)
    asked = select(SweepLine.text).where(SweepLine.sweep_id == sweep.id).order_by(SweepLine.seq)
    assert list(session.scalars(asked)) == ["电动车充电", "疏散指示"]
    assert covered(session, sweep, CELL) == (1, 2)
    sweep.checklist = "疏散指示"
    with pytest.raises(RuleError) as refused:
        sweeps.keep_lines(session, sweep)
    assert refused.value.field == "checklist"


def test_the_cells_of_its_grids_and_nobody_elses(session: Session) -> None:
    sweep = sweep_at(session, COMMUNITY)
    assert len(queries.coverage(session, [sweep], [EVERYWHERE])[sweep.id]) == 34
    session.execute(
        SWEEP_GRIDS.insert(),
        [{"sweep_id": sweep.id, "grid_code": c} for c in (BLOCK, CELL)],
    )
    cells = queries.coverage(session, [sweep], [EVERYWHERE])[sweep.id]
    assert {cell.code[:16] for cell in cells} == {BLOCK}
    with pytest.raises(OutOfScope):
        sweeps.item_of(session, sweep, f"{items(session, sweep, CELL)[0].key[:-19]}{AREA}01001")


def test_told_once_when_the_end_comes_near(session: Session) -> None:
    today = clock.today()
    sweep = sweep_at(session, COMMUNITY, ends_on=today + timedelta(days=3))
    far = sweep_at(session, COMMUNITY, "还早", ends_on=today + timedelta(days=4))
    go(session, sweep, "worker07", *items(session, sweep, CELL))
    session.commit()
    told = sweep_round.remind(session, clock.now())
    assert told.sweeps == 1 and told.people > 30
    again = sweep_round.remind(session, clock.now())
    assert (again.sweeps, again.people) == (0, 0)
    mine = select(Message).where(Message.kind == "sweep_ends")
    readers = {one.user_id for one in session.scalars(mine)}
    assert id_of(session, "worker08") in readers
    assert id_of(session, "worker07") not in readers  # their cell is done
    assert far.reminded_on is None


def test_cells_that_are_joined_keep_what_was_done(session: Session) -> None:
    sweep = sweep_at(session, COMMUNITY)
    first, second = items(session, sweep, CELL)
    go(session, sweep, "station", first)
    session.scalars(select(SweepCheck)).one().result = "finding"
    go(session, sweep, "station", *items(session, sweep, BESIDE))
    place = place_at(session, BESIDE)
    session.commit()
    with acting(who(session, "station")):
        wish = Merge((CELL, BESIDE), "合并小格", "gated", keeps=BESIDE)
        found = plan(wish, session)
        carry_out(session, wish, seen_now(session, found), Consent("not_asked", note="试验"))
        session.commit()
    left = found.after[0].code
    session.expire_all()
    assert queries.checks(session, sweep.id, [left])[f"L{first.line_id}-{left}"].result == "finding"
    assert covered(session, sweep, left) == (2, 2)
    assert session.get_one(type(place), place.id).grid_code == left
    assert second.text == "电动车充电"


def test_the_round_over_http(portal: Flask, client_as: Client) -> None:
    with portal.app_context(), scope.acting(scope.SYSTEM):
        sweep = sweep_at(db.session, COMMUNITY, place_kind="warehouse")
        place_at(db.session, CELL)
        away = place_at(db.session, BESIDE, "邻仓库").id
        key, wanted = sweep.id, category(db.session).id
        lines = [item.key for item in items(db.session, sweep, CELL)]
        foreign = items(db.session, sweep, BESIDE)[0].key
        db.session.commit()
    client = client_as("worker07")
    assert "冬季消防排查" in client.get("/patrols/today").text
    page = client.get(f"/sweeps/round/{key}")
    shown = [tag["value"] for tag in page.soup.select("button[name=item]")]
    assert shown == lines
    assert "邻仓库" not in page.text
    token = page.form()["csrf_token"]
    for _twice in range(2):
        answer = client.post(f"/sweeps/nothing/{key}", {"csrf_token": token, "item": lines[0]})
        assert answer.location == f"/sweeps/round/{key}#cell-{CELL}"
    for wrong in (foreign, f"P{away}", "L1"):
        refused = client.post(f"/sweeps/nothing/{key}", {"csrf_token": token, "item": wrong})
        assert refused.status == 404
    form = client.get(f"/matters/report?found=sweep-{key}-{lines[1]}").form()
    assert "电动车充电" in form["detail"] and form["channel"] == "sweep"
    form |= {"category": str(wanted), "common": "", "summary": "飞线充电"}
    assert client.post("/matters/report", form).status == 302
    assert client.get(f"/matters/report?found=sweep-{key}-P{away}").form()["found"] == ""
    with portal.app_context():
        matter = db.session.scalars(select(Matter).order_by(Matter.id.desc()).limit(1)).one()
        check = db.session.scalars(select(SweepCheck).where(SweepCheck.result == "finding")).one()
        finding = db.session.scalars(select(SweepFinding)).one()
        assert (finding.matter_id, finding.check_id) == (matter.id, check.id)
        assert matter.channel == "sweep"
    page = client.get(f"/sweeps/round/{key}")
    assert [tag["value"] for tag in page.soup.select("button[name=item]")] == [lines[2]]
    assert matter.number in page.text


def test_how_far_it_is_by_grid(portal: Flask, client_as: Client) -> None:
    with portal.app_context(), scope.acting(scope.SYSTEM):
        sweep = sweep_at(db.session, COMMUNITY)
        key = sweep.id
        go(db.session, sweep, "worker07", *items(db.session, sweep, CELL))
        db.session.commit()
    station = client_as("station")
    page = station.get(f"/sweeps/show/{key}")
    assert len(page.soup.select(".bars li")) == 4
    assert len(page.soup.select("tbody th a")) == 33
    tile = station.get("/desk/").soup.select_one('a.tile[href="/sweeps/list/?preset=running"] b')
    assert tile.get_text() == "33"
    block = client_as("block02").get(f"/sweeps/show/{key}")
    assert all(BLOCK in tag["href"] for tag in block.soup.select("tbody th a"))
    worker = client_as("worker08")
    assert len(worker.get(f"/sweeps/show/{key}").soup.select("tbody th a")) == 1
    with count_statements(portal) as statements:
        station.get(f"/sweeps/show/{key}")
    assert len(statements) <= 14


def test_there_is_something_to_go_through(session: Session) -> None:
    sweep = sweep_at(session, COMMUNITY)
    sweep.checklist = " - \n·"
    with pytest.raises(RuleError) as refused:
        sweeps.prepare(session, sweep, new=False)
    assert refused.value.field == "checklist"
    sweep.place_kind = "warehouse"
    sweeps.prepare(session, sweep, new=False)


def test_what_was_gone_through_stays(portal: Flask, client_as: Client) -> None:
    with portal.app_context(), scope.acting(scope.SYSTEM):
        sweep = sweep_at(db.session, COMMUNITY, place_kind="warehouse")
        place_at(db.session, CELL)
        key, free = sweep.id, sweep_at(db.session, COMMUNITY, "另一次").id
        go(db.session, sweep, "worker07", *items(db.session, sweep, CELL))
        db.session.commit()
    station = client_as("station")
    form = station.get(f"/sweeps/edit/{key}").form()
    refused = station.post(f"/sweeps/edit/{key}", form | {"place_kind": "school"})
    assert refused.status == 400 and "请另建一次专项排查" in refused.text
    assert station.post(f"/sweeps/edit/{key}", form | {"title": "改名"}).status == 302
    assert "已有排查记录" in station.get(f"/sweeps/delete/{key}").text
    token = station.get(f"/sweeps/delete/{free}").form()["csrf_token"]
    for one, status in ((key, 409), (free, 302)):
        assert station.post(f"/sweeps/delete/{one}", {"csrf_token": token}).status == status
    with portal.app_context(), scope.acting(scope.SYSTEM):
        assert len(db.session.scalars(select(SweepCheck)).all()) == 3
        for row in (db.session.get_one(Sweep, key), db.session.scalars(select(SweepLine)).first()):
            db.session.delete(row)
            with pytest.raises(IntegrityError):
                db.session.flush()
            db.session.rollback()


def test_a_page_that_is_older_than_the_checklist_still_saves(
    portal: Flask, client_as: Client
) -> None:
    with portal.app_context(), scope.acting(scope.SYSTEM):
        sweep = sweep_at(db.session, COMMUNITY, place_kind="warehouse")
        place = place_at(db.session, CELL)
        key, place_key = sweep.id, place.id
        db.session.commit()
    client = client_as("worker07")
    whole = client.get(f"/sweeps/round/{key}").one("form.whole")
    sent = [tag["value"] for tag in whole.select("input[name=item]")]
    assert len(sent) == 3
    with portal.app_context(), scope.acting(scope.SYSTEM):
        sweep = db.session.get_one(Sweep, key)
        sweep.checklist = "电动车充电\n疏散指示"
        sweeps.keep_lines(db.session, sweep)
        place = db.session.get_one(Place, place_key)
        place.off_list_on, place.next_patrol_on = clock.today(), None
        db.session.commit()
    told = {"csrf_token": whole.select_one("[name=csrf_token]")["value"], "item": sent}
    assert client.post(f"/sweeps/nothing/{key}", told).location == f"/sweeps/round/{key}"
    page = client.get(f"/sweeps/round/{key}")
    notes = " ".join(tag.get_text(strip=True) for tag in page.soup.select(".note"))
    assert "清单刚才有改动" in notes and "1 项：未发现问题" in notes
    assert len(page.soup.select("button[name=item]")) == 1  # the line that is new
    away = f"{sent[0].partition('-')[0]}-420102009991301001"
    for wrong in (away + "0", "L1", "P"):
        assert client.post(f"/sweeps/nothing/{key}", told | {"item": [wrong]}).status == 404


def test_the_page_of_one_cell_stays_the_page_of_it(portal: Flask, client_as: Client) -> None:
    with portal.app_context(), scope.acting(scope.SYSTEM):
        key = sweep_at(db.session, COMMUNITY).id
        db.session.commit()
    client, narrowed = client_as("station"), f"/sweeps/round/{key}?grid_code={CELL}"
    for left in (1, 0):
        page = client.get(narrowed)
        form = page.one("form#tap")
        told = {tag["name"]: tag["value"] for tag in form.select("input")}
        told["item"] = page.soup.select_one("button[name=item]")["value"]
        anchor = f"#cell-{CELL}" if left else ""
        assert client.post(f"/sweeps/nothing/{key}", told).location == narrowed + anchor
    told |= {"grid_code": "x&y=1"}
    assert client.post(f"/sweeps/nothing/{key}", told).location == f"/sweeps/round/{key}"


def test_cells_are_shown_whole_and_how_many_more_there_are(
    portal: Flask, client_as: Client
) -> None:
    with portal.app_context(), scope.acting(scope.SYSTEM):
        lines = "\n".join(f"第{number}项" for number in range(30))
        sweep = sweep_at(db.session, COMMUNITY, checklist=lines, place_kind="warehouse")
        first = queries.coverage(db.session, [sweep], [EVERYWHERE])[sweep.id][0].code
        for number in range(60):
            place_at(db.session, first, f"仓库{number}")
        key = sweep.id
        db.session.commit()
    page = client_as("station").get(f"/sweeps/round/{key}")
    sections = page.soup.select("section[id^=cell-]")
    assert [len(one.select("button[name=item]")) for one in sections] == [90, *[30] * 10]
    assert "另有23个小格" in page.one(f'main a[href="/sweeps/show/{key}"]:not(.back)').get_text()


def test_sweeps_elsewhere_are_not_counted_through(portal: Flask, session: Session) -> None:
    sweep_at(session, BESIDE)
    with count_statements(portal) as statements:
        assert queries.open_cells(session, [CELL]) == 0
    assert len(statements) == 1
    sweep_at(session, BLOCK)
    assert queries.open_cells(session, [CELL]) == 1
    assert queries.open_cells(session, [COMMUNITY]) > 2


def test_bars_for_every_grid_that_somebody_leads(portal: Flask, client_as: Client) -> None:
    other = BLOCK[:-1] + "2"
    with portal.app_context(), scope.acting(scope.SYSTEM):
        sweep = sweep_at(db.session, COMMUNITY)
        key = sweep.id
        cells = queries.coverage(db.session, [sweep], [BLOCK, other])[key]
        assert {cell.code[:16] for cell in cells} == {BLOCK, other}
        led = {"role": "BlockLeader", "grid_code": other, "since": clock.today()}
        db.session.add(AccountGrant(user_id=id_of(db.session, "block02"), **led))
        db.session.commit()
    page = client_as("block02").get(f"/sweeps/show/{key}")
    assert len(page.soup.select(".bars li")) == len(cells)
