"""``what-can``: what it says of a person is what that person's lists show."""

import re

import pytest

from portal import roles, scope
from portal.extensions import db
from portal.models import AccountGrant, User
from portal.queries.identity import explain, load_identity
from portal.rules import accounts
from tests.support import access_table as table

SLUGS = {resource: slug for slug, resource in table.RESOURCES.items()}
PEOPLE = [name for name, _grid in table.SIGN_INS.values()]
CELL, COMMUNITY = "4201020029900102003", "420102002990"


def account(name):
    """An account by its sign-in name."""
    return db.session.query(User).filter_by(username=name).one()


def rights_of(portal, name):
    """What ``what-can`` knows of a person: resource → right."""
    with portal.app_context():
        identity = load_identity(db.session, account(name))
        return {right.resource: right for right in accounts.rights_of(db.session, identity)}


def total_of(client, slug):
    """How many rows the list of ``slug`` shows, page after page."""
    rows, page = 0, client.get(f"/{slug}/list/?size=200", check=False)
    while True:
        assert page.status == 200
        rows += len(set(re.findall(rf'href="/{slug}/show/(\d+)"', page.text)))
        following = page.soup.select_one("main a[rel=next]")
        if following is None:
            return rows
        page = client.get(str(following["href"]), check=False)


@pytest.mark.parametrize("name", PEOPLE)
def test_counts_are_those_of_the_lists(portal, client_as, name):
    client = client_as(name)
    rights = rights_of(portal, name)
    for slug, resource in table.RESOURCES.items():
        if slug in table.PAGES:
            continue  # a page, no list of rows
        if resource not in rights:
            assert client.get(f"/{slug}/list/").status == 403
            continue
        right = rights[resource]
        letters = "".join(action[0] for action in right.actions)
        assert letters.replace("r", "R", 1).startswith("R")
        assert total_of(client, slug) == right.seen, f"{name}: {slug}"
        assert right.seen <= right.total
        if name in ("leader07", "worker07", "block03", "area1", "clerk1") and slug in table.SCOPED:
            assert right.seen < right.total or right.total == 0, f"{name}: {slug}"


def test_the_actions_are_those_of_the_access_table(portal):
    letters = {"read": "r", "write": "w", "remove": "d", "export": "e"}
    for role, (name, _grid) in table.SIGN_INS.items():
        for resource, right in rights_of(portal, name).items():
            said = {letters[action] for action in right.actions}
            assert said == set(table.RIGHTS[SLUGS[resource]][role]), f"{role} {resource}"


def test_the_page_tells_the_rule_behind_each_line(portal, client_as):
    with portal.app_context():
        key = account("leader07").id
    page = client_as("admin").get(f"/users/can/{key}")
    assert page.status == 200
    assert CELL in page.text
    for right in rights_of(portal, "leader07").values():
        assert str(right.seen) in page.text
    for name in ("station", "leader07", "auditor"):
        assert client_as(name).get(f"/users/can/{key}").status == 403
    own = client_as("leader07").get("/account/")
    assert CELL in own.text


@pytest.mark.parametrize("name", ["leader07", "clerk1", "station", "street", "admin", "care"])
def test_the_command_says_the_same_as_the_page(portal, name):
    runner = portal.test_cli_runner()
    said = runner.invoke(args=["portal", "user", "what-can", name])
    assert said.exit_code == 0, said.output
    lines = {
        words[0]: words for words in (line.split("\t") for line in said.output.splitlines())
        if words[0] in roles.TABLE
    }  # fmt: skip
    rights = rights_of(portal, name)
    assert set(lines) == set(rights)
    for resource, right in rights.items():
        assert lines[resource][1] == ", ".join(right.actions)
        assert lines[resource][2] == f"{right.seen} of {right.total} rows"
        if right.prefixes != ("",) and right.columns:
            assert all(prefix in lines[resource][3] for prefix in right.prefixes)


def test_commands_explain_and_refuse(portal):
    runner = portal.test_cli_runner()
    shown = runner.invoke(args=["portal", "user", "roles", "leader07"])
    assert f"GridLeader\t{CELL}" in shown.output
    unknown = runner.invoke(args=["portal", "user", "what-can", "nobody"])
    assert unknown.exit_code != 0
    assert "no such account" in unknown.output


def test_grants_of_posts_and_of_the_account_are_told_apart(portal):
    with portal.app_context(), scope.acting(scope.SYSTEM):
        user = account("leader07")
        since = load_identity(db.session, user).grants[0].since
        db.session.add(
            AccountGrant(user_id=user.id, role="Clerk", grid_code=COMMUNITY, since=since)
        )
        db.session.commit()
        reasons = explain(db.session, load_identity(db.session, user))
    told = {(reason.role, reason.grid_code, bool(reason.post)) for reason in reasons}
    assert ("GridLeader", CELL, True) in told
    assert ("Clerk", COMMUNITY, False) in told
    rights = rights_of(portal, "leader07")
    assert "export" in rights["Worker"].actions
    assert rights["Worker"].seen > 200
    assert rights["Worker"].prefixes == (COMMUNITY,)
