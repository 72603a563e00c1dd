"""Every route × role × row, against the access table; and the same rights as FAB would give."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial

import pytest
from flask import g, render_template
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_login import current_user, login_user
from sqlalchemy import select

from portal import roles, scope
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
    Matter,
    MatterCategory,
    MediationFile,
    Meeting,
    MeetingSeries,
    MunicipalUnit,
    Organisation,
    Patrol,
    PetitionCase,
    Photo,
    Place,
    PopulationChange,
    Post,
    PostRole,
    Regulation,
    Resident,
    ResponsibilityDraft,
    ServiceRound,
    Setting,
    SupervisionOrder,
    Sweep,
    Team,
    User,
    Worker,
    WorkOrder,
)
from portal.queries.identity import PREFIX, load_identity
from portal.rules import photos
from portal.views import errors
from tests.support import access_table as table
from tests.support.matters import id_of, involve, rows_at
from tests.support.photos import portrait
from tests.support.rounds import rounds_at

STREET, ELSEWHERE = "420102003", "420102003001"  # nobody's but the administrator's
MISSING = 999_999_999
MODELS = {
    "grids": Grid, "workers": Worker, "posts": Post, "post-roles": PostRole, "duties": Duty,
    "hotlines": Hotline, "regulations": Regulation, "leading-groups": LeadingGroup, "teams": Team,
    "boards": Board,
    "documents": IssuedDocument, "imports": ImportBatch, "users": User, "grants": AccountGrant,
    "audit": AuditEntry, "settings": Setting, "cards": Card, "photos": Photo,
    "meetings": Meeting, "meeting-series": MeetingSeries, "calendar-days": CalendarDay,
    "residents": Resident, "households": Household, "dwellings": Dwelling,
    "buildings": Building, "organisations": Organisation,
    "places": Place, "patrols": Patrol, "sweeps": Sweep, "service-rounds": ServiceRound,
    "changes": PopulationChange, "visits": HomeVisit,
    "cross-checks": CrossCheck,
    "matters": Matter, "work-orders": WorkOrder, "supervision-orders": SupervisionOrder,
    "matter-categories": MatterCategory, "mediation-files": MediationFile,
    "petitions": PetitionCase, "municipal-units": MunicipalUnit,
    "responsibility-drafts": ResponsibilityDraft,
    "deliveries": Delivery, "group-robots": GroupRobot,
}  # fmt: skip


def methods_of(app):
    """Every (rule, method) the application answers."""
    return {
        (rule.rule, method)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }


def test_every_route_is_in_the_table(app):
    known = {(row.rule, row.method) for row in table.rows()}
    assert methods_of(app) - known == set(), "routes without a row in tests/support/access_table.py"
    assert known - methods_of(app) == set(), "rows without a route"


@pytest.mark.one_engine
def test_the_roles_table_is_what_the_access_table_says():
    letters = {"r": roles.READ, "w": roles.WRITE, "d": roles.REMOVE, "e": roles.EXPORT}
    for slug, by_role in table.RIGHTS.items():
        for role, allowed in by_role.items():
            for letter, action in letters.items():
                said = roles.permits(role, action, table.RESOURCES[slug])
                assert said == (letter in allowed), f"{role} {action} {slug}"
    assert set(roles.TABLE) == {*table.RESOURCES.values(), "OpenApi"}
    assert not roles.rights(roles.PUBLIC)


def plant_register(code, number):
    """One row of every list of the register, each with nothing below it; not saved yet."""
    homes = [Building(grid_code=code, name=f"{number}-{each}栋") for each in range(4)]
    rooms = [
        Dwelling(grid_code=code, building=home, name="x", room="101", owner_phone="15400001111")
        for home in homes[:3]
    ]
    households = [
        Household(grid_code=code, dwelling=room, name="1栋101 H1", number="1") for room in rooms[:2]
    ]
    resident = Resident(
        grid_code=code, household=households[0], name="甲乙丙", id_number=f"T{code}-{number}"
    )
    shop = {"kind": "shop", "contact_phone": "15400001111"}
    other = Resident(
        grid_code=code, household=households[0], name="甲乙丁", id_number=f"T{code}-{number}-2"
    )
    change = PopulationChange(
        grid_code=code, household=households[0], resident=other, kind="move_in",
        happened_on=date(2026, 1, 5), actor="x",
    )  # fmt: skip
    return {
        "changes": change,
        "cross-checks": CrossCheck(
            grid_code=code,
            other_code="420102",
            side="received",
            subject="甲",
            question="在吗",
            asked_by="x",
            reply_by=date(2026, 1, 5),
        ),  # fmt: skip
        "visits": HomeVisit(
            grid_code=code,
            household=households[0],
            visited_on=date(2026, 1, 5),
            result="no_change",
            actor="x",
            visitor="甲",
        ),  # fmt: skip
        "buildings": homes[3],
        "dwellings": rooms[2],
        "households": households[1],
        "residents": resident,
        "organisations": Organisation(grid_code=code, name="试验店", **shop),
    }


def plant(code, number=1, actor="x"):
    """One row of every scoped list in grid ``code``; slug → key."""
    worker = Worker(name="甲乙丙", grid_code=code, origin="volunteer", phone="15400001111")
    db.session.add(worker)
    db.session.flush()
    issued = {"size": "a3", "lang": "en", "issue_no": number, "issued_on": date(2026, 1, 5)}
    digest = {"content_hash": "0" * 64, "sha256": "0" * 64, "pages": 1, "path": "x.pdf"}
    volunteer = {"basis": "volunteer", "since": date(2026, 1, 5)}
    days = {"issued_on": date(2026, 1, 5), "expires_on": date(2029, 1, 4)}
    card = Card(worker_id=worker.id, number=f"T{code}-{number}", token=f"{code}-{number}", **days)
    card.grid_code = code
    held = {"minutes": 30, "attendees": "block_head", "mode": "onsite", "kind": "talk"}
    planted = {
        "meetings": Meeting(
            grid_code=code, starts_at=datetime(2030, 1, number, tzinfo=UTC), **held
        ),
        "meeting-series": MeetingSeries(
            grid_code=code, holiday="skip", since=date(2026, 1, number), **held
        ),
        "workers": worker,
        "cards": card,
        "photos": photos.keep(db.session, portrait(), "x.jpg", code),
        "posts": Post(worker_id=worker.id, grid_code=code, role="volunteer", **volunteer),
        "hotlines": Hotline(name="试验", number="1", scope="grid", grid_code=code),
        "leading-groups": LeadingGroup(name="试验组", grid_code=code),
        "teams": Team(name="试验队", kind="patrol", grid_code=code),
        "municipal-units": MunicipalUnit(
            name=f"试验单位{number}", grid_code=code, services="路灯", contact_phone="15400001111"
        ),
        "imports": ImportBatch(kind="grids", file_name="x.csv", actor=actor, grid_code=code),
        "group-robots": GroupRobot(
            grid_code=code, name="群", kind="wecom", hook="https://x/y", topics="orders"
        ),
        "boards": Board(grid_code=code, size=("", "a3", "a4")[number], lang="en"),
        "documents": IssuedDocument(
            grid_code=code, kind="board", number=f"T{code}-{number}", **issued, **digest
        ),
    }
    planted |= plant_register(code, number)
    planted |= rows_at(db.session, code, number)
    planted |= rounds_at(code, number)
    db.session.add_all(planted.values())
    db.session.flush()
    if actor != "x":  # a mediator and the street see what they take part in
        involve(db.session, planted["matters"].id, actor)
        planted["responsibility-drafts"].user_id = id_of(db.session, actor)
        db.session.flush()
    grid = db.session.scalar(select(Grid.id).where(Grid.code == code))
    return {"grids": grid} | {slug: row.id for slug, row in planted.items()}


@dataclass(frozen=True)
class Rows:
    """Keys by list: in the role's grid (``spare``: once more, to be deleted over the API), and in
    a community that is nobody's.
    """

    own: dict[str, int]
    spare: dict[str, int]
    foreign: dict[str, int]


def plant_all(role):
    """Rows in the role's own grid and in a community that is nobody's."""
    street = Grid(code=STREET, name="邻街", level="street", parent_code="420102")
    other = Grid(code=ELSEWHERE, name="邻社区", level="community", parent_code=STREET)
    days = [CalendarDay(day=date(2030, 1, number)) for number in (1, 2)]
    gone = [Delivery(channel="email", topic="orders", state="skipped") for _number in (1, 2)]
    db.session.add_all([street, other, *days, *gone])
    db.session.flush()
    care = db.session.scalar(select(User.id).where(User.username == "care"))
    code = table.SIGN_INS[role][1]
    actor = table.SIGN_INS[role][0]  # a clerk sees their own imports only
    own, spare, foreign = plant(code, 1, actor), plant(code, 2, actor), plant(ELSEWHERE)
    db.session.commit()
    for slug, model in MODELS.items():
        if slug not in own:
            keys = db.session.scalars(select(model.id).order_by(model.id.desc()).limit(2)).all()
            own[slug], spare[slug] = keys[0], keys[-1]
    own["roles"] = 1
    return Rows(own | {"users": care}, spare, foreign)


class Caller:
    """Sends the request of a row of the table, with a valid token, and says what came back."""

    def __init__(self, client):
        self.client = client
        self.raw = client.raw
        page = client.get("/login/" if client.username is None else "/logout/")
        self.token = page.form()["csrf_token"]

    def status(self, row, pk):
        """The status of the answer."""
        path, api = table.address(row, pk), row.rule.startswith("/api/")
        send = partial(self.raw.open, path, method=row.method)
        data = {"csrf_token": self.token}
        if row.rule.endswith("/action_post"):
            data |= {"action": "remove", "rowid": str(pk)}
        if row.method == "GET":
            answer = send()
        elif api:
            answer = send(json={}, headers={"X-CSRFToken": self.token})
        else:
            answer = send(data=data)
        answer.close()
        return answer.status_code


@pytest.fixture
def one_refusal(monkeypatch):
    """The page of a refusal is made once for each status and person, not some thousand times: here
    the status alone is looked at, what the page says elsewhere (tests/test_translations.py).
    """
    made = {}

    def once(template, **values):
        key = (values["code"], current_user.get_id())
        if key not in made:
            made[key] = render_template(template, **values)
        return made[key]

    monkeypatch.setattr(errors, "render_template", once)


def gentle_first(row):
    """Reading before writing, writing before deleting, signing out last."""
    writes = row.method != "GET"
    out = writes and row.rule == "/logout/"
    return (out, writes and (row.method == "DELETE" or "/delete/" in row.rule), writes)


def walk(caller, role, rows):
    """Every row of the table for one person; what was not as expected."""
    wrong = []
    for row in sorted(table.rows(), key=gentle_first):
        own = rows.spare if row.method == "DELETE" else rows.own
        cases = {"own": own.get(row.slug, 1)}
        if row.of_row and role is not None and "r" in table.RIGHTS[row.slug][role]:
            # To the administrator and the auditor nothing is foreign.
            scoped = row.slug in table.SCOPED and role not in table.EVERYWHERE
            away = {"foreign": rows.foreign[row.slug]} if scoped else {"missing": MISSING}
            cases = away | cases
        for where, pk in cases.items():
            status = caller.status(row, pk)
            wanted = table.expected(role, row, where)
            if status not in wanted:
                wrong.append(f"{row.method} {row.rule} {where}: {status}, expected {wanted}")
    return "\n".join(wrong)


# The table is Python's; that both engines scope alike the role with the most rights proves here,
# the others in tests/test_scope.py.
BOTH_ENGINES = ("Station",)


@pytest.mark.parametrize(
    "role",
    [
        pytest.param(role, marks=[] if role in BOTH_ENGINES else pytest.mark.one_engine)
        for role in table.ROLES
    ],
)
def test_a_role_reaches_what_the_table_says_and_nothing_else(portal, client_as, one_refusal, role):
    with portal.app_context(), scope.acting(scope.SYSTEM):
        rows = plant_all(role)
    caller = Caller(client_as(table.SIGN_INS[role][0]))
    assert walk(caller, role, rows) == ""


@pytest.mark.one_engine
def test_strangers_reach_the_public_pages_only(portal, client_as, one_refusal):
    with portal.app_context(), scope.acting(scope.SYSTEM):
        rows = plant_all("Station")
    assert walk(Caller(client_as(None)), None, rows) == ""


@pytest.mark.one_engine
def test_an_account_without_a_role_reaches_nothing(portal, client_as, one_refusal):
    with portal.app_context(), scope.acting(scope.SYSTEM):
        user = db.session.scalar(select(User).where(User.username == "care"))
        for grant in db.session.scalars(
            select(AccountGrant).where(AccountGrant.user_id == user.id)
        ):
            db.session.delete(grant)
        db.session.commit()
    caller = Caller(client_as("care"))
    for row in table.rows():
        if row.slug:
            assert caller.status(row, 1) == 403, f"{row.method} {row.rule}"


def test_out_of_scope_and_not_there_look_the_same(portal, client_as):
    with portal.app_context(), scope.acting(scope.SYSTEM):
        foreign = plant_all("Station").foreign
    client = client_as("station")
    for slug in table.SCOPED:
        for path in (f"/{slug}/show/{{}}", f"/api/v1/{slug}/{{}}"):
            there, missing = (client.get(path.format(key)) for key in (foreign[slug], MISSING))
            assert there.status == missing.status == 404
            told = [
                re.sub(r'name="csrf_token" value="[^"]+"', "", a.text) for a in (there, missing)
            ]
            assert told[0] == told[1].replace(str(MISSING), str(foreign[slug]))


def test_every_right_is_fabs_own_answer(portal):
    """For every set of roles that a demo account holds: ours equals what FAB reads from its
    synchronised tables.
    """
    with portal.app_context():
        manager = portal.appbuilder.sm
        pairs = [(a, resource) for resource in roles.TABLE for a in roles.ACTIONS]
        accounts = db.session.scalars(select(User).where(User.active.is_(True))).all()
        assert len(accounts) > 80
        # Two accounts of every set: what one may does not depend on the person.
        held = {}
        for user in accounts:
            held.setdefault(load_identity(db.session, user).roles, []).append(user.username)
        names = [name for alike in held.values() for name in (alike[0], alike[-1])]
        assert {role for mine in held for role in mine} == set(table.ROLES)
    differing = []
    for name in names:
        with portal.test_request_context("/"):
            user = db.session.scalar(select(User).where(User.username == name))
            login_user(user)
            g.user = user
            for action, resource in pairs:
                ours = manager.has_access(PREFIX + action, resource)
                theirs = SecurityManager.has_access(manager, PREFIX + action, resource)
                if ours != theirs:
                    differing.append((name, action, resource, ours, theirs))
    assert differing == []
