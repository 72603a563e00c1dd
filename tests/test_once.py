"""Once means once: a form sent twice adds one record, a session that ended stays ended."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from portal.extensions import db
from portal.models import AuditEntry, Duty
from portal.scope import SYSTEM, acting


def test_three_clicks_at_the_same_moment_add_one_record(portal, client_as):
    clients = [client_as("station") for _ in range(3)]
    form = clients[0].get("/duties/add").form()
    form |= {"code": "D590", "group_no": "1", "title": "同时", "role": "patrol"}
    form |= {"frequency": "weekly"}
    cookie = clients[0].raw.get_cookie("session").value  # one browser, three clicks
    for client in clients:
        client.raw.set_cookie("session", cookie)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda client: client.post("/duties/add", form), clients))
    assert {answer.status for answer in answers} == {302}
    assert len({answer.location for answer in answers}) == 1
    with portal.app_context():
        assert db.session.scalar(select(func.count()).where(Duty.code == "D590")) == 1


def test_a_copied_cookie_is_worth_nothing_after_signing_out(client_as):
    client = client_as(None)
    client.sign_in("worker12")
    copy = client.raw.get_cookie("session").value
    other = client_as(None)
    other.raw.set_cookie("session", copy)
    assert other.get("/desk/").status == 200
    client.submit("/logout/", page="/logout/", action="/logout/")
    other.raw.set_cookie("session", copy)
    assert other.get("/desk/").status == 302


def test_what_was_rolled_back_is_not_in_the_audit(portal):
    with portal.app_context(), acting(SYSTEM):
        before = db.session.scalar(select(func.count()).select_from(AuditEntry))
        known = db.session.scalar(select(Duty.code).limit(1))
        db.session.add(
            Duty(code=known, group_no=1, title="重复", role="patrol", frequency="weekly")
        )
        try:
            db.session.flush()
        except IntegrityError:
            db.session.rollback()
        db.session.add(
            Duty(code="D591", group_no=1, title="真的", role="patrol", frequency="weekly")
        )
        db.session.commit()
        after = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(2)).all()
        count = db.session.scalar(select(func.count()).select_from(AuditEntry))
        assert count == before + 1
        assert "真的" in after[0].row_label


def test_nobody_switches_their_own_account_off(portal, client_as):
    client = client_as("admin")
    with portal.app_context():
        from_name = select(db.metadata.tables["ab_user"].c.id)
        key = db.session.scalar(
            from_name.where(db.metadata.tables["ab_user"].c.username == "admin")
        )
    form = client.get(f"/users/edit/{key}").form()
    form.pop("active")
    answer = client.post(f"/users/edit/{key}", form)
    assert answer.status == 400
    assert answer.soup.select("#active-err")
