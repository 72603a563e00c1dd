"""The table of moves: every state × move × role, allowed or refused; refused leaves no trace."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from portal import clock, roles, scope
from portal.errors import Forbidden, OutOfScope, RuleError
from portal.models import MunicipalUnit, Rectification, TraceEntry, UnitCase, WorkOrder
from portal.models.matter_choices import ORDER_STATES
from portal.rules import matters, work_orders
from portal.rules.reports import Report
from portal.rules.work_orders import FLOW
from tests.support.access_table import SIGN_INS
from tests.support.matters import CELL, category, id_of, who

# An order at the level of the cell, given to somebody else: who may make which move, by role.
BY_ROLE = """
settle        GridWorker GridLeader
accept                   GridLeader BlockLeader AreaLeader Station
reject                   GridLeader BlockLeader AreaLeader Station
dispatch                 GridLeader BlockLeader AreaLeader Station
take
return
answer
escalate                 GridLeader
analyse                                         AreaLeader Station
report_up                                                  Station
street_answer                                              Station
check                    GridLeader BlockLeader AreaLeader Station
rework                   GridLeader BlockLeader AreaLeader Station
return_visit  GridWorker GridLeader BlockLeader AreaLeader Station
reopen                                                     Station
control       GridWorker GridLeader
rectify                  GridLeader BlockLeader AreaLeader Station
righted       GridWorker GridLeader
recheck       GridWorker GridLeader BlockLeader AreaLeader Station
progress
assist
nudge                    GridLeader BlockLeader AreaLeader Station
extend                              BlockLeader AreaLeader Station Leader
ask_more
refuse_more                         BlockLeader AreaLeader Station Leader
suspend                  GridLeader BlockLeader AreaLeader Station
resume                   GridLeader BlockLeader AreaLeader Station
merge                    GridLeader BlockLeader AreaLeader Station
void                                                       Station
guide         GridWorker GridLeader BlockLeader AreaLeader Station
handoff                  GridLeader BlockLeader AreaLeader Station
notice        GridWorker GridLeader BlockLeader AreaLeader Station
take_back                GridLeader BlockLeader AreaLeader Station
unit_answer              GridLeader BlockLeader AreaLeader Station
hand_over                GridLeader                        Station
unit_answered            GridLeader                        Station
rechecked                GridLeader                        Station
report_out    GridWorker GridLeader BlockLeader AreaLeader Station
convert                  GridLeader BlockLeader AreaLeader Station
"""
ALLOWED = {words[0]: set(words[1:]) for words in map(str.split, BY_ROLE.strip().splitlines())}
# What the named person may do, on top of what their role gives.
AS_ASSIGNEE = {
    "take", "return", "answer", "escalate", "progress", "assist", "control", "resume",
    "report_out", "ask_more", "rectify", "righted", "hand_over", "unit_answered", "rechecked",
}  # fmt: skip
# Never by who did the work.
NOT_OWN = {"check", "rework", "return_visit", "nudge", "extend", "refuse_more"}
# Of a cell these are asked for at the level of the community, and an order stands still only once.
AT_COMMUNITY = {"analyse", "report_up"}
# What a category must be for its route.
CATEGORIES = {"guide": "DI1001", "handoff": "HZ0706", "report_out": "DI0107", "convert": "LT0502"}
WITH_UNIT = {"hand_over", "unit_answered", "rechecked"}  # of municipal problems
UNSEEING = ("Mediator", "Street", "CareOfficer", "Auditor", "Admin")
WORDS = "写明情况"


def test_the_table_here_names_every_move() -> None:
    assert set(ALLOWED) == set(FLOW.steps)
    sources = {state for step in FLOW for state in step.sources}
    assert sources | {"rejected"} == set(ORDER_STATES)


def an_order(session: Session, *, assignee: str = "worker08") -> WorkOrder:
    """The order of a hazard of the cell, with a danger, ready to be put into any state."""
    told = Report(category(session, "HZ0106").id, CELL, "楼道堆物")
    order = matters.report(session, told)
    order.assignee_id, order.grade = id_of(session, assignee), "general"
    order.accepted_at = clock.now()
    order.control_due_at = clock.now() + timedelta(hours=2)
    session.flush()
    return order


def filled(session: Session, name: str, order: WorkOrder, twin: WorkOrder) -> dict[str, Any]:
    """What a person would fill in, all of it in order."""
    return {
        "result": WORDS, "reason": WORDS, "tried": WORDS, "note": WORDS, "analysis": WORDS,
        "grade": "general", "level": "cell", "assignee": id_of(session, "worker07"),
        "helper": id_of(session, "block02"), "days": 2, "satisfaction": "satisfied",
        "suspension": "weather", "until": clock.today() + timedelta(days=5), "into": twin.number,
        "turn_to": WORDS, "told": WORDS, "told_whom": WORDS, "on": clock.today(),
        "unit": f"u{water_works(session)}" if name == "hand_over" else WORDS,
        "told_when": clock.now(), "category": category(session, "MU0303").id,
        "responsible": "幸福物业", "what": WORDS, "right_by": clock.today(), "recheck": "good",
    }  # fmt: skip


def water_works(session: Session) -> int:
    """The key of a unit that owes something in the cell."""
    found = session.scalar(select(MunicipalUnit.id))
    if found is None:
        unit = MunicipalUnit(name="水务所", grid_code=CELL[:12], services="供水")
        session.add(unit)
        session.flush()
        found = unit.id
    return found


def with_unit(session: Session, order: WorkOrder, name: str) -> None:
    """What a unit has of the order, as ``name`` wants to find it."""
    gone = delete(UnitCase).where(UnitCase.order_id == order.id)
    session.execute(gone.execution_options(audited=True))
    if name in ("unit_answered", "rechecked"):
        today = clock.today()
        answered = {"answered_on": today, "on_time": True} if name == "rechecked" else {}
        session.add(
            UnitCase(order_id=order.id, matter_id=order.matter_id, handed_on=today, due_on=today,
                     unit_id=water_works(session), **answered)
        )  # fmt: skip
        session.flush()


def put(session: Session, order: WorkOrder, state: str, name: str) -> None:
    """The order in ``state``, as ``name`` wants to find it."""
    level = "community" if name in AT_COMMUNITY else "cell"
    rests = name == "resume"
    session.execute(delete(Rectification).where(Rectification.order_id == order.id))
    if name in ("righted", "recheck"):
        right = {"righted_at": clock.now(), "righted_by_id": id_of(session, "worker08"),
                 "recheck_on": clock.today()}  # fmt: skip
        told = {"responsible": "x", "what": "x", "right_by": clock.today(), "ordered_by": "x"}
        told |= {"ordered_at": clock.now()} | (right if name == "recheck" else {})
        session.add(Rectification(order_id=order.id, **told))
        session.flush()
    with_unit(session, order, name)
    columns = WorkOrder.__table__.c
    session.execute(
        update(WorkOrder)
        .where(columns.id == order.id)
        .values(
            state=state,
            level=level,
            kind="municipal" if name in WITH_UNIT else "hazard",
            category_id=category(session, CATEGORIES.get(name, "HZ0106")).id,
            outside_unit="派出所",
            asked_at=clock.now() if name == "refuse_more" else None,
            asked_days=2 if name == "refuse_more" else None,
            outcome="handed" if name in ("unit_answer", "take_back") else None,
            suspended_at=clock.now() if rests else None,
            suspend_reason="weather" if rests else None,
        )
        .execution_options(audited=True, synchronize_session=False)
    )
    session.expire_all()


def tried(session: Session, order: WorkOrder, name: str, data: dict[str, Any]) -> str:
    """What came of a move: "done" or how it was refused; taken back, and no trace of a refusal."""
    entries = select(func.count()).where(TraceEntry.order_id == order.id)
    before = session.scalar(entries)
    attempt = session.begin_nested()
    try:
        work_orders.move(session, order.id, name, data)
        outcome = "done"
        assert (session.scalar(entries) or 0) > (before or 0)
    except (Forbidden, OutOfScope, RuleError) as refusal:
        outcome = type(refusal).__name__
        session.flush()
        assert session.scalar(entries) == before
    attempt.rollback()
    session.expire_all()
    return outcome


def outcomes(session: Session, username: str, assignee: str) -> dict[tuple[str, str], str]:
    """State and move → what came of it, for one person."""
    order, twin = an_order(session, assignee=assignee), an_order(session)
    identity, found = who(session, username), {}
    filling = {name: filled(session, name, order, twin) for name in FLOW.steps}
    for name in FLOW.steps:
        for state in ORDER_STATES:
            put(session, order, state, name)
            with scope.acting(identity):
                found[state, name] = tried(session, order, name, filling[name])
    return found


@pytest.mark.parametrize("role", SIGN_INS)
def test_a_role_does_what_the_table_says_and_nothing_else(session: Session, role: str) -> None:
    name = "block02" if role == "BlockLeader" else SIGN_INS[role][0]
    for (state, move), outcome in outcomes(session, name, "worker08").items():
        expected = "RuleError"
        if role in UNSEEING:
            expected = "OutOfScope"
        elif role not in ALLOWED[move] and not (role == "Station" and move == "street_answer"):
            expected = "Forbidden"
        elif state in FLOW.steps[move].sources:
            expected = "done"
        assert outcome == expected, f"{role}: {move} from {state}"


def test_the_named_person_does_the_work_and_does_not_check_it(session: Session) -> None:
    for (state, move), outcome in outcomes(session, "leader07", "leader07").items():
        by_role = roles.GRID_LEADER in ALLOWED[move] and move not in NOT_OWN
        if move in AS_ASSIGNEE or by_role:
            allowed = state in FLOW.steps[move].sources
            assert outcome == ("done" if allowed else "RuleError"), f"{move} from {state}"
        else:
            assert outcome in ("Forbidden", "RuleError"), f"{move} from {state}"


def test_a_worker_of_another_cell_sees_the_order_once_it_is_theirs(session: Session) -> None:
    order = an_order(session)
    with scope.acting(who(session, "worker08")), pytest.raises(OutOfScope):
        work_orders.move(session, order.id, "take", {})
    put(session, order, "accepted", "dispatch")
    data = {"grade": "general", "level": "area", "assignee": id_of(session, "worker08")}
    with scope.acting(who(session, "area1")):
        work_orders.move(session, order.id, "dispatch", data)
    with scope.acting(who(session, "worker08")):
        work_orders.move(session, order.id, "take", {})
        work_orders.move(session, order.id, "answer", {"result": WORDS})
    assert order.state == "answered"
    session.rollback()


@pytest.mark.parametrize(
    ("move", "field", "value", "state"),
    [
        ("dispatch", "grade", "huge", "accepted"),
        ("dispatch", "level", "block", "accepted"),
        ("dispatch", "assignee", 999_999, "accepted"),
        ("dispatch", "assignee", "", "accepted"),
        ("escalate", "tried", " 4201021990010100", "handling"),
        ("escalate", "tried", "", "handling"),
        ("suspend", "until", None, "handling"),
        ("suspend", "suspension", "holiday", "handling"),
        ("merge", "into", "nothing", "accepted"),
        ("return_visit", "satisfaction", "happy", "closed"),
        ("reject", "reason", "x" * 5000, "reported"),
    ],
)
def test_what_does_not_fit_is_refused_beside_its_field(
    session: Session, move: str, field: str, value: Any, state: str
) -> None:
    order, twin = an_order(session), an_order(session)
    put(session, order, state, move)
    data = filled(session, move, order, twin) | {field: value}
    with scope.acting(who(session, "leader07")):
        if value == " 4201021990010100":
            data[field] = "4201021990010100117"
        with pytest.raises(RuleError) as refused:
            work_orders.move(session, order.id, move, data)
    assert refused.value.field == field
    session.rollback()


def test_a_pause_lasts_thirty_days_at_most_and_gives_the_days_back(session: Session) -> None:
    order = an_order(session)
    put(session, order, "handling", "suspend")
    leader, today = who(session, "leader07"), clock.today()
    told = {"suspension": "weather", "until": today + timedelta(days=31)}
    with scope.acting(leader):
        with pytest.raises(RuleError) as refused:
            work_orders.move(session, order.id, "suspend", told)
        assert refused.value.field == "until"
        told["until"] = today + timedelta(days=30)
        work_orders.move(session, order.id, "suspend", told)
        assert order.next_warning_at is None
        before = clock.aware(order.due_at)
        later = clock.now() + timedelta(days=20)
        work_orders.move(session, order.id, "resume", {}, moment=later)
    assert order.suspended_at is None
    assert clock.aware(order.due_at) > before + timedelta(days=10)
    session.rollback()


def test_more_time_is_given_once(session: Session) -> None:
    order = an_order(session)
    put(session, order, "handling", "extend")
    with scope.acting(who(session, "block02")):
        before = clock.aware(order.due_at)
        work_orders.move(session, order.id, "extend", {"days": 3, "reason": WORDS})
        assert clock.aware(order.due_at) > before
        with pytest.raises(RuleError, match="一次"):
            work_orders.move(session, order.id, "extend", {"days": 3, "reason": WORDS})
    session.rollback()


def test_what_many_are_concerned_by_is_major(session: Session) -> None:
    order = matters.report(session, Report(category(session).id, CELL, "停水", crowd=True))
    assert order.grade == "major"
    put(session, order, "accepted", "dispatch")
    data = {"grade": "general", "level": "cell", "assignee": id_of(session, "worker07")}
    with scope.acting(who(session, "leader07")), pytest.raises(RuleError) as refused:
        work_orders.move(session, order.id, "dispatch", data)
    assert refused.value.field == "grade"
    session.rollback()
