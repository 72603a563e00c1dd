"""The documented sign-ins of the demo."""

from datetime import date

from sqlalchemy.orm import Session

from portal import roles
from portal.models import AccountGrant, AccountState, User, Worker
from portal.rules.accounts import synchronise_account
from portal.rules.demo.plan import PersonPlan
from portal.rules.demo.sites import Site

GRANTED_ON = date(2021, 12, 20)
OFFICE_ACCOUNTS = (
    ("admin", "系统", "管理员", roles.ADMIN, 0),
    ("street", "街道", "综治办", roles.STREET, 9),
    ("care", "关爱", "专员", roles.CARE_OFFICER, 12),
    ("auditor", "安全", "审计员", roles.AUDITOR, 0),
)


def demo_accounts(
    session: Session,
    place: Site,
    people: list[PersonPlan],
    workers: list[Worker],
    password_hash: str,
) -> list[User]:
    """The documented sign-ins: those of workers, and those whose role comes from a grant."""
    if place.number:
        return []
    users: list[User] = []
    for person, worker in zip(people, workers, strict=True):
        if person.username:
            user = _user(person.username, person.surname, person.given, password_hash)
            session.add(user)
            session.flush()
            worker.user_id = user.id
            users.append(user)
    for username, last, first, role, digits in OFFICE_ACCOUNTS:
        user = _user(username, last, first, password_hash)
        session.add(user)
        session.flush()
        code = place.code[:digits] or None
        session.add(
            AccountGrant(
                user_id=user.id, role=role, grid_code=code, since=GRANTED_ON, reason="演示账号"
            )
        )
        users.append(user)
    session.add_all(AccountState(user_id=user.id, must_change_password=False) for user in users)
    session.flush()
    for user in users:
        synchronise_account(session, user)
    session.flush()
    return sorted(users, key=lambda user: user.username)


def _user(username: str, last: str, first: str, password_hash: str) -> User:
    return User(
        username=username,
        last_name=last,
        first_name=first,
        email=f"{username}@demo.invalid",
        active=True,
        password=password_hash,
    )
