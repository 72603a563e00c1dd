"""Mediation files: opened of a dispute, kept by who handles it, ended, followed up, printed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from jobs import cases
from portal import clock, scope
from portal.documents.mediation import mediation_html, render_mediation
from portal.documents.template import HTML_LANG
from portal.extensions import db
from portal.models import (
    AuditEntry,
    MediationFile,
    MediationParty,
    MediationSession,
    MediationTerm,
    Message,
    Setting,
    TraceEntry,
    WorkOrder,
)
from portal.rules import case_round, keys, matters, mediation, trace, work_orders
from portal.rules.keys.columns import sealed_columns
from portal.rules.mediation import paper
from portal.rules.mediation.keeping import Held
from portal.rules.reports import Report
from portal.scope import SYSTEM, acting
from tests.support.client import Page, PageClient
from tests.support.matters import CELL, category, id_of, who
from tests.support.pdf import check_pdf, read_pdf, squeezed

Client = Callable[..., PageClient]
FIRST, SECOND, PHONE = "赵试甲", "钱试乙", "13755556666"
NEW = bytes(range(32))


def dispute(session: Any, code: str = "DI0202", state: str = "accepted") -> WorkOrder:
    """A dispute of the cell of leader07, taken in."""
    with acting(who(session, "worker07")):
        told = Report(category(session, code).id, CELL, "楼上漏水", detail="厨房顶棚")
        order = matters.report(session, told)
    if state == "accepted":
        with acting(who(session, "leader07")):
            if order.category.route == "report":
                told = {"told_whom": "派出所", "told_when": clock.now()}
                work_orders.move(session, order.id, "report_out", told)
            work_orders.move(session, order.id, "accept", {})
    session.commit()
    return order


@pytest.fixture
def order(portal: Flask) -> int:
    """The key of its order."""
    with portal.app_context(), acting(SYSTEM):
        return dispute(db.session).id


@pytest.fixture
def people(portal: Flask) -> dict[str, int]:
    """Sign-in → key."""
    with portal.app_context(), acting(SYSTEM):
        names = ("mediator", "leader07", "station", "worker07", "worker08")
        return {name: id_of(db.session, name) for name in names}


def do(client: PageClient, file: str, verb: str, of: int = 0, **told: Any) -> Page:
    key = file.rpartition("/")[2]
    address = f"/mediation-files/do/{verb}/{key}" + (f"?of={of}" if of else "")
    return client.submit(address, told)


def opened(client: PageClient, order: int, *mediators: int) -> str:
    """Open the file of an order from its page; the address of the file."""
    address = f"/work-orders/mediate/{order}"
    assert client.get(f"/work-orders/show/{order}").links(f"a[href='{address}']")
    told = {"mediators": [str(key) for key in mediators], "request": "要求修好并赔偿"}
    answer = client.submit(address, told)
    assert answer.status == 302, answer.text
    return str(answer.location)


def rows(portal: Flask, model: Any) -> list[Any]:
    with portal.app_context(), acting(SYSTEM):
        found = list(db.session.scalars(select(model).order_by(model.id)))
        db.session.expunge_all()
        return found


def with_parties(client: PageClient, file: str) -> None:
    for role, name in (("applicant", FIRST), ("respondent", SECOND)):
        answer = do(client, file, "party", role=role, name=name, contact=PHONE)
        assert answer.status == 302, answer.text


def test_a_session_is_held_and_written_down(
    portal: Flask, client_as: Client, order: int, people: dict[str, int]
) -> None:
    leader, mediator = client_as("leader07"), client_as("mediator")
    assert mediator.get("/mediation-files/list/").status == 200
    file = opened(leader, order, people["mediator"])
    assert mediator.get(file).status == 200  # named, and so it shows
    with_parties(mediator, file)
    page = mediator.get(file)
    assert FIRST not in page.text and PHONE not in page.text
    assert "赵**" in page.text and "137****6666" in page.text and "一个月" in page.text
    earlier = (clock.local(clock.now()) - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M")
    assert do(mediator, file, "session", held_at=earlier, place="网格之家").status == 302
    with portal.app_context(), acting(SYSTEM):
        meeting = db.session.scalar(text("SELECT id FROM mediation_sessions"))
    parties = [str(one.id) for one in rows(portal, MediationParty)]
    assert do(mediator, file, "record", meeting, there=[], record="谈了").status == 400
    assert do(mediator, file, "record", 9999, there=parties, record="谈了").status == 404
    said = do(mediator, file, "record", meeting, there=parties, record="双方各退一步")
    assert said.status == 302
    page = mediator.get(file)
    assert "双方各退一步" in page.text and "申请人 1" in page.text


def test_a_session_is_called_off_and_what_was_entered_wrongly_is_mended(
    portal: Flask, client_as: Client, order: int, people: dict[str, int]
) -> None:
    leader, day = client_as("leader07"), clock.today().isoformat()
    file = opened(leader, order, people["leader07"])
    with_parties(leader, file)
    soon = (clock.local(clock.now()) + timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M")
    assert do(leader, file, "session", held_at=soon, place="网格之家").status == 302
    assert do(leader, file, "term", party="", text="赔五百", due_on=day).status == 302
    first, second = rows(portal, MediationParty)
    (meeting,), (term,) = rows(portal, MediationSession), rows(portal, MediationTerm)
    page = leader.get(file)
    for verb, of in (("drop_session", meeting), ("mend_party", first), ("mend_term", term)):
        (link,) = page.links(f"a[href*='/do/{verb}/'][href$='of={of.id}']")
        assert leader.get(link).status == 200
        assert leader.get(link.replace(f"of={of.id}", "of=9999")).status == 404
    form = leader.get(f"/mediation-files/do/mend_party/{file[-1]}?of={second.id}").form()
    assert SECOND not in form.values() and PHONE not in form.values()  # nothing is opened by it
    assert do(leader, file, "mend_party", second.id, role="agent", contact="").status == 302
    assert do(leader, file, "mend_party", first.id, name="赵试丙").status == 302
    first, second = rows(portal, MediationParty)
    assert (first.name, first.contact, first.role) == ("赵试丙", PHONE, "applicant")
    assert (second.name, second.contact, second.role) == (SECOND, PHONE, "agent")
    told = {"party": str(first.id), "text": "赔八百"}
    assert do(leader, file, "mend_term", term.id, **told).status == 302
    (term,) = rows(portal, MediationTerm)
    assert (term.text, term.party_id, term.due_on) == ("赔八百", first.id, clock.today())
    number = rows(portal, MediationFile)[0].number
    ahead = "/mediation-files/list/?preset=sessions"
    assert number in leader.get(ahead).text
    assert do(leader, file, "drop_session", meeting.id).status == 302
    assert rows(portal, MediationSession) == [] and number not in leader.get(ahead).text


def test_of_two_who_write_over_the_same_the_second_one_is_told(
    portal: Flask, client_as: Client, order: int, people: dict[str, int]
) -> None:
    leader, station = client_as("leader07"), client_as("station")
    file = opened(leader, order, people["leader07"])
    with_parties(leader, file)
    earlier = (clock.local(clock.now()) - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M")
    assert do(leader, file, "session", held_at=earlier, place="网格之家").status == 302
    (meeting,), party = rows(portal, MediationSession), rows(portal, MediationParty)[0]
    assert do(leader, file, "term", party="", text="赔五百").status == 302
    (term,) = rows(portal, MediationTerm)
    base = f"/mediation-files/do/{{}}/{file[-1]}?of={{}}"
    for verb, of, told in (
        ("record", meeting.id, {"there": [str(party.id)], "record": "先谈"}),
        ("mediators", 0, {"mediators": [str(people["station"])]}),
        ("mend_party", party.id, {"role": "witness"}),
        ("mend_term", term.id, {"text": "赔一千"}),
    ):
        address = base.format(verb, of)
        form = station.get(address).form()
        assert leader.submit(address, told).status == 302, verb
        refused = station.post(address, form | told)
        assert refused.status == 400 and "有人" in refused.one("#errors").get_text(), verb
        assert station.submit(address, told).status == 302, verb
    # What was held stays, and a file that has ended is not mended.
    assert do(leader, file, "drop_session", meeting.id).status == 400
    end = {"outcome": "withdrawn", "on": clock.today().isoformat()}
    assert do(leader, file, "end", **end).status == 302
    assert not leader.get(file).links("a[href*='/do/mend_'], a[href*='/do/drop_']")
    assert do(leader, file, "mend_term", term.id, text="赔两千").status == 400


def test_a_file_that_has_ended_has_no_session_ahead(
    portal: Flask, client_as: Client, order: int, people: dict[str, int]
) -> None:
    leader = client_as("leader07")
    file = opened(leader, order, people["leader07"])
    soon = (clock.local(clock.now()) + timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M")
    assert do(leader, file, "session", held_at=soon, place="网格之家").status == 302
    number, ahead = rows(portal, MediationFile)[0].number, "/mediation-files/list/?preset=sessions"
    assert number in leader.get(ahead).text
    end = {"outcome": "withdrawn", "on": clock.today().isoformat()}
    assert do(leader, file, "end", **end).status == 302
    assert number not in leader.get(ahead).text


def test_an_agreement_is_recorded_confirmed_and_followed_up(
    portal: Flask, client_as: Client, order: int, people: dict[str, int]
) -> None:
    leader, today = client_as("leader07"), clock.today().isoformat()
    file = opened(leader, order, people["leader07"])
    with_parties(leader, file)
    early = do(leader, file, "agree", form="oral", on=today)
    assert early.status == 400 and "先录入" in early.text  # an agreement has terms
    parties = [str(one.id) for one in rows(portal, MediationParty)]
    assert do(leader, file, "term", party=parties[1], text="修好管道", due_on=today).status == 302
    assert do(leader, file, "agree", form="oral", on=today).status == 302
    row, term = rows(portal, MediationFile)[0], rows(portal, MediationTerm)[0]
    assert (row.outcome, row.agreement_form, row.confirmation) == ("agreed", "oral", "open")
    assert row.confirm_by == clock.today() + timedelta(days=30)
    assert row.number in leader.get("/mediation-files/list/?preset=follow_up").text
    kept = do(leader, file, "perform", term.id, performance="not_done", on=today)
    assert kept.status == 400  # what stands in the way?
    assert do(leader, file, "perform", term.id, performance="done", on=today).status == 302
    assert row.number not in leader.get("/mediation-files/list/?preset=follow_up").text
    assert do(leader, file, "confirm", confirmation="applied", on=today).status == 302
    assert do(leader, file, "confirm", confirmation="not_wanted", on=today).status == 400
    assert do(leader, file, "confirm", confirmation="confirmed", on=today).status == 302
    assert do(leader, file, "party", role="agent", name="孙").status == 400  # it has ended
    shown = leader.get(f"/work-orders/show/{order}")
    assert "口头" in shown.text and row.number in shown.text
    with portal.app_context(), acting(SYSTEM):
        moves = db.session.scalars(select(TraceEntry.move).where(TraceEntry.order_id == order))
        assert list(moves)[-2:] == ["mediate", "mediated"]
        assert not trace.verify(db.session).faults


def test_the_answer_begins_with_what_the_file_says(
    portal: Flask, client_as: Client, order: int, people: dict[str, int]
) -> None:
    leader = client_as("leader07")
    file = opened(leader, order, people["leader07"])
    end = {"outcome": "not_agreed", "on": clock.today().isoformat()}
    assert do(leader, file, "end", **end).status == 400  # which other ways?
    assert do(leader, file, "end", **end, told_ways="向法院起诉").status == 302
    with portal.app_context():
        with acting(who(db.session, "leader07")):
            told = {"grade": "general", "level": "cell", "assignee": str(people["leader07"])}
            work_orders.move(db.session, order, "dispatch", told)
            work_orders.move(db.session, order, "take", {})
        db.session.commit()
    form = leader.get(f"/work-orders/move/{order}/answer").form()
    number = rows(portal, MediationFile)[0].number
    assert number in form["result"] and "未达成" in form["result"]


def test_who_does_not_handle_it_sees_nothing_of_it(
    portal: Flask, client_as: Client, order: int, people: dict[str, int]
) -> None:
    file = opened(client_as("leader07"), order, people["leader07"])
    with_parties(client_as("leader07"), file)
    number = rows(portal, MediationFile)[0].number
    party = rows(portal, MediationParty)[0].id
    for name in ("mediator", "worker08", "block02", "area1", "leader"):
        client = client_as(name)
        assert client.get(file).status == 404, name
        assert number not in client.get("/mediation-files/list/").text, name
        assert client.get(f"/mediation-files/paper/{file[-1]}").status == 404, name
        address = f"/mediation-files/party/{file.rpartition('/')[2]}/{party}/name"
        assert client.get(address).status == 404, name
    for name in ("clerk1", "street", "auditor", "admin", "care"):
        assert client_as(name).get(file).status == 403, name
    # The one who reported it handles it no more than others: the file is read, not kept.
    reporter = client_as("worker07")
    page = reporter.get(file)
    assert page.status == 200 and not page.links("a.reveal")
    key = file.rpartition("/")[2]
    assert reporter.get(f"/mediation-files/do/party/{key}").status == 403
    assert reporter.get(f"/mediation-files/party/{key}/{party}/name").status == 403
    assert reporter.get(f"/work-orders/mediate/{order}").status == 403
    assert client_as("station").get(file).status == 200


def test_no_list_search_or_page_leads_to_a_party(
    portal: Flask, client_as: Client, order: int, people: dict[str, int]
) -> None:
    station = client_as("station")
    file = opened(station, order, people["station"])
    with_parties(station, file)
    for asked in (FIRST, FIRST[:1], "zsj", PHONE[-4:], "修好"):
        page = station.get(f"/mediation-files/list/?q={asked}", follow_redirects=True)
        assert not page.soup.select("main table tbody tr"), asked
    for name in ("name", "contact", "request"):
        found = station.get(f"/api/v1/mediation-files/?q=(filters:!((col:{name},opr:eq,value:a)))")
        assert found.status in (400, 404)
    assert "要求修好" not in station.get("/api/v1/mediation-files/").text
    assert station.get("/mediation-files/export/csv").status == 403
    assert "mediation" not in station.get("/residents/list/").one("main").decode()


def test_a_party_is_opened_one_value_at_a_time_and_that_is_noted(
    portal: Flask, client_as: Client, order: int, people: dict[str, int]
) -> None:
    leader = client_as("leader07")
    file = opened(leader, order, people["leader07"])
    with_parties(leader, file)
    links = leader.get(file).links("a.reveal")
    assert len(links) == 4
    refused = leader.submit(links[0], {"reason": ""})
    assert refused.status == 400 and FIRST not in refused.text
    shown = leader.submit(links[0], {"reason": "送达通知"})
    assert FIRST in shown.text and PHONE not in shown.text
    with portal.app_context():
        entries = list(db.session.scalars(select(AuditEntry)))
        (noted,) = [one for one in entries if one.action == "reveal"]
        assert (noted.actor, noted.reason, noted.table_name) == (
            "leader07", "送达通知", "mediation_parties",
        )  # fmt: skip
        told = " ".join(f"{one.row_label} {one.changes}" for one in entries)
    assert FIRST not in told and PHONE not in told and "要求修好" not in told
    other = links[0].replace("/party/", "/party/9").replace("/name", "/number")
    assert leader.get(other).status == 404


def test_numbers_of_people_do_not_get_into_free_text(
    client_as: Client, order: int, people: dict[str, int]
) -> None:
    leader = client_as("leader07")
    told = {"mediators": [str(people["leader07"])], "request": f"电话{PHONE}"}
    answer = leader.submit(f"/work-orders/mediate/{order}", told, check=False)
    assert answer.status == 400 and answer.soup.select("#request-err")


@pytest.mark.parametrize(("code", "state"), [("DI0107", "accepted"), ("DI0202", "reported")])
def test_what_is_reported_or_not_taken_in_is_not_mediated(
    portal: Flask, client_as: Client, people: dict[str, int], code: str, state: str
) -> None:
    with portal.app_context(), acting(SYSTEM):
        key = dispute(db.session, code, state).id
    leader = client_as("leader07")
    address = f"/work-orders/mediate/{key}"
    assert not leader.get(f"/work-orders/show/{key}").links(f"a[href='{address}']")
    assert leader.submit(address, {"mediators": [str(people["leader07"])]}).status == 400
    assert rows(portal, MediationFile) == []


def test_a_second_file_of_an_order_is_refused(
    portal: Flask, client_as: Client, order: int, people: dict[str, int]
) -> None:
    leader = client_as("leader07")
    opened(leader, order, people["leader07"])
    again = leader.submit(f"/work-orders/mediate/{order}", {"mediators": [str(people["leader07"])]})
    assert again.status == 400
    assert len(rows(portal, MediationFile)) == 1


def test_the_file_follows_its_order_up(session: Any) -> None:
    order = dispute(session)
    with acting(who(session, "leader07")):
        leader = id_of(session, "leader07")
        file = mediation.open_file(session, order.id, None, [leader])
        told = {"grade": "general", "level": "cell", "assignee": str(leader)}
        work_orders.move(session, order.id, "dispatch", told)
        work_orders.move(session, order.id, "take", {})
        work_orders.move(session, order.id, "escalate", {"tried": "谈不拢"})
    session.commit()
    session.refresh(file)
    assert file.level == "block"


# the days -----------------------------------------------------------------------------------------


def test_people_are_reminded_once_of_each_day(session: Any) -> None:
    order = dispute(session)
    today = clock.today()
    with acting(who(session, "leader07")):
        file = mediation.open_file(session, order.id, None, [id_of(session, "mediator")])
        for role in ("applicant", "respondent"):
            mediation.add_party(session, file, role, "某某", None)
        mediation.plan_session(session, file, clock.now() + timedelta(hours=20), "居委会")
        session.commit()
        assert case_round.remind(session, today) == 1
        assert case_round.remind(session, today) == 0
        mediation.add_term(session, file, "赔偿", None, today + timedelta(days=2))
        mediation.agree(session, file, "written", today)
        session.commit()
    with acting(SYSTEM):
        assert case_round.remind(session, today + timedelta(days=1)) == 0
        assert case_round.remind(session, today + timedelta(days=2)) == 1
        assert case_round.remind(session, today + timedelta(days=22)) == 0
        assert case_round.remind(session, today + timedelta(days=23)) == 1
        assert case_round.remind(session, today + timedelta(days=24)) == 0
    session.commit()
    told = session.execute(
        select(Message.kind, Message.params).where(
            Message.user_id == id_of(session, "mediator"), Message.kind.like("case_%")
        )
    ).all()
    assert [kind for kind, _params in told] == ["case_session", "case_term", "case_confirm"]
    assert not any("漏水" in params or "某某" in params for _kind, params in told)
    assert cases.remind("slot") == "reminded 0"


def test_of_what_is_void_nobody_is_reminded(session: Any) -> None:
    order = dispute(session)
    with acting(who(session, "leader07")):
        file = mediation.open_file(session, order.id, None, [id_of(session, "mediator")])
        mediation.plan_session(session, file, clock.now() + timedelta(hours=2), "居委会")
    order.void = True
    session.commit()
    assert case_round.remind(session, clock.today()) == 0
    order.void = False
    session.commit()
    assert case_round.remind(session, clock.today()) == 1


def test_a_session_planned_anew_is_told_of_anew(session: Any) -> None:
    order = dispute(session)
    with acting(who(session, "leader07")):
        file = mediation.open_file(session, order.id, None, [id_of(session, "mediator")])
        for place in ("居委会", "网格之家"):
            planned = mediation.plan_session(session, file, clock.now(), place)
            session.commit()
            assert case_round.remind(session, clock.today()) == 1
            mediation.drop_session(session, file, planned)
            session.commit()


def test_after_thirty_days_no_joint_application_is_taken(
    session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = dispute(session)
    with acting(who(session, "leader07")):
        file = mediation.open_file(session, order.id, None, [id_of(session, "leader07")])
        for role in ("applicant", "respondent"):
            mediation.add_party(session, file, role, "某某", None)
        mediation.add_term(session, file, "赔偿")
        on = clock.today()
        mediation.agree(session, file, "written", on)
        session.commit()
        monkeypatch.setattr(mediation.keeping.clock, "today", lambda: on + timedelta(days=40))
        with pytest.raises(Exception, match="30"):
            mediation.confirm(session, file, "applied", on + timedelta(days=31))
        mediation.confirm(session, file, "applied", on + timedelta(days=30))
        assert file.applied_on == on + timedelta(days=30)


@pytest.mark.parametrize(
    "change",
    [
        "outcome = 'agreed'",
        "ended_on = '2026-01-05'",
        "visibility = 'normal'",
        "outcome = 'not_agreed', ended_on = '2026-01-05'",
        "confirmation = 'applied'",
        "cause = 'weather'",
    ],
)
def test_the_database_refuses_a_file_that_cannot_be(session: Any, change: str) -> None:
    order = dispute(session)
    with acting(who(session, "leader07")):
        mediation.open_file(session, order.id, None, [id_of(session, "leader07")])
    session.commit()
    with pytest.raises(IntegrityError):
        session.execute(text(f"UPDATE mediation_files SET {change}"))


def test_parties_get_the_new_key_too(portal: Flask, session: Any) -> None:
    order = dispute(session)
    with acting(who(session, "leader07")):
        file = mediation.open_file(session, order.id, "修好", [id_of(session, "leader07")])
        mediation.add_party(session, file, "applicant", FIRST, PHONE)
    session.commit()
    stored = session.scalar(text("SELECT name FROM mediation_parties"))
    assert FIRST not in stored
    old = portal.config["PORTAL_DATA_KEYS"]
    try:
        portal.config["PORTAL_DATA_KEYS"] = [NEW, *old]
        done = {tally.place for tally in keys.rotate(session, lambda *told: None) if tally.moved}
        portal.config["PORTAL_DATA_KEYS"] = [NEW]
        session.expire_all()
        assert session.scalars(select(MediationParty.name)).one() == FIRST
    finally:
        portal.config["PORTAL_DATA_KEYS"] = old
    assert {
        "mediation_parties.name",
        "mediation_parties.contact",
        "mediation_files.request",
    } <= done
    ours = {one.place for one in sealed_columns() if one.table.startswith("mediation")}
    assert {"mediation_sessions.record", "mediation_terms.text", "mediation_terms.note"} <= ours


# paper --------------------------------------------------------------------------------------------


def printed(client: PageClient, asked: Page) -> Any:
    answer = client.raw.get(f"{asked.headers['Location']}/result")
    assert answer.status_code == 200
    data = answer.get_data()
    answer.close()
    return data


def test_the_whole_file_is_one_paper(
    portal: Flask, client_as: Client, order: int, people: dict[str, int], work: Any
) -> None:
    leader = client_as("leader07")
    file = opened(leader, order, people["leader07"])
    with_parties(leader, file)
    address = f"/mediation-files/paper/{file.rpartition('/')[2]}"
    masked = leader.submit(address)
    work()
    told = squeezed(read_pdf(printed(leader, masked)).text)
    assert FIRST not in told and PHONE not in told and "赵**" in told
    assert leader.submit(address, {"whole": "y", "reason": ""}).status == 400
    whole = leader.submit(address, {"whole": "y", "reason": "归档"})
    work()
    told = squeezed(read_pdf(printed(leader, whole)).text)
    assert FIRST in told and PHONE in told
    with portal.app_context():
        actions = list(db.session.scalars(select(AuditEntry.action)))
        assert actions.count("reveal") == 4
        assert actions.count("export") == 2


@pytest.mark.parametrize("lang", ["zh_Hans_CN", "en"])
def test_the_paper_passes_the_checks(session: Any, lang: str) -> None:
    order = dispute(session)
    with acting(who(session, "leader07")):
        file = mediation.open_file(session, order.id, "修好", [id_of(session, "leader07")])
        for role in ("applicant", "respondent"):
            mediation.add_party(session, file, role, FIRST, PHONE)
        meeting = mediation.plan_session(session, file, clock.now(), "居委会")
        keys_ = tuple(session.scalars(select(MediationParty.id)))
        held = Held(keys_, "双方各退一步。\n" * 60, "楼长")
        mediation.record_session(session, file, meeting, held)
        mediation.add_term(session, file, "修好管道", keys_[0], clock.today())
        mediation.agree(session, file, "written", clock.today())
        record = paper.load(session, paper.Order(file.id, lang))
    data, pages = render_mediation(record)
    assert pages >= 3
    facts = check_pdf(data, mediation_html(record), HTML_LANG[lang], drawn=False)
    assert file.number in facts.text


def test_the_paper_of_who_only_reads_is_masked(
    portal: Flask, client_as: Client, order: int, people: dict[str, int], work: Any
) -> None:
    leader, reporter = client_as("leader07"), client_as("worker07")
    file = opened(leader, order, people["leader07"])
    with_parties(leader, file)
    address = f"/mediation-files/paper/{file.rpartition('/')[2]}"
    form = reporter.get(address).form()
    assert "whole" not in form
    asked = reporter.submit(address, {"whole": "y", "reason": "想看看"})
    work()
    assert FIRST not in squeezed(read_pdf(printed(reporter, asked)).text)


def test_lines_to_sign_on_are_a_setting(
    portal: Flask, client_as: Client, order: int, people: dict[str, int], work: Any
) -> None:
    with portal.app_context(), scope.acting(SYSTEM):
        row = db.session.scalars(select(Setting).where(Setting.key == "papers.signatures")).one()
        row.value = "2"
        db.session.commit()
    leader = client_as("leader07", "en")
    file = opened(leader, order, people["leader07"])
    asked = leader.submit(f"/mediation-files/paper/{file.rpartition('/')[2]}")
    work()
    assert "Seal:" not in squeezed(read_pdf(printed(leader, asked)).text)
