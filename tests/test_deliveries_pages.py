"""What people choose, the group robots, and the log of what left the portal, over HTTP."""

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select

from portal.cli.doctor import check_mail, check_webhooks
from portal.extensions import db
from portal.models import AuditEntry, Delivery, GroupRobot, MessageChoice, Setting
from portal.rules.outside import sending
from portal.scope import SYSTEM, acting
from tests.support.matters import id_of
from tests.support.outside import at, world
from tests.support.post_office import group
from tests.support.servers import free_port

pytest_plugins = ("tests.support.ways_out",)
COMMUNITY, AREA = "420102002990", "42010200299001"
HERE = "/account/messages/"


@pytest.fixture
def settings(portal, office):
    """Mail is set up; the settings are put back afterwards."""
    names = ("PORTAL_MAIL_URL", "PORTAL_WEBHOOK_URLS", "PORTAL_WEBHOOK_HOSTS")
    before = {name: portal.config[name] for name in names}
    portal.config["PORTAL_MAIL_URL"] = office.url
    yield portal.config
    portal.config.update(before)


def planted(portal, tmp_path, *users, **about):
    """Deliveries as a rule would plan them."""
    with portal.app_context(), acting(SYSTEM):
        with world(portal, db.session, tmp_path / "clock.json") as here:
            here.put(*users, **about)
        db.session.remove()


def test_a_person_chooses_and_tries_it(portal, client_as, settings, office, work):
    client = client_as("leader07", "en")
    page = client.get(HERE)
    assert "leader07@demo.invalid" in page.text and "Between 22:00 and 07:00" in page.text
    assert page.form(HERE)["warnings"] == "urgent" and page.form(HERE)["meetings"] == "none"
    assert client.submit(HERE, {"meetings": "all", "lang": "en"}, action=HERE).status == 302
    assert client.get(HERE).form(HERE)["meetings"] == "all"
    wrong = client.submit(HERE, {"meetings": "urgent"}, action=HERE)
    assert wrong.status == 400  # a meeting never is
    assert client.submit(HERE, {"lang": "fr"}, action=HERE).status == 400
    with portal.app_context():
        (row,) = db.session.scalars(select(MessageChoice))
        assert (row.meetings, row.warnings, row.lang) == ("all", "urgent", "en")
        db.session.remove()
    token = {"csrf_token": client.get(HERE).form()["csrf_token"]}
    assert client.post(f"{HERE}test", token).status == 302
    work()
    assert [mail["Subject"] for mail in office.mails()] == ["Test message of the portal"]
    assert "Test message of the portal" in client.get("/inbox/").text
    for _number in range(5):
        client.post(f"{HERE}test", token)
    assert "try again in an hour" in client.get(HERE).text
    work()
    assert len(office.given) == 5


def test_without_a_mail_server_the_page_says_so(client_as, portal):
    page = client_as("worker07").get(HERE)
    assert "还没有设置邮件服务器" in page.text
    assert not page.soup.select('form[action="/account/messages/test"]')
    token = {"csrf_token": page.form()["csrf_token"]}
    client_as("worker07").post(f"{HERE}test", token)
    with portal.app_context():
        assert db.session.scalars(select(Delivery)).all() == []


def test_a_robot_is_set_up_tried_and_never_shown(portal, client_as, settings, work):
    client = client_as("station", "en")
    with group() as crowd:
        typed = {
            "name": "综治群", "kind": "wecom", "grid": COMMUNITY,
            "topics": ["warnings", "meetings"], "lang": "en", "active": "y", "new_hook": crowd.url,
        }  # fmt: skip
        page = client.submit("/group-robots/add", typed)
        assert page.status == 400  # a machine of the house: nobody may make the portal knock there
        assert (
            "not known as one of group robots" in page.text
            and "geheim-0815" not in page.text.replace(f'value="{crowd.url}"', "")
        )
        other = {**typed, "new_hook": "https://oapi.dingtalk.com/robot/send?access_token=x"}
        assert "another kind of robot" in client.submit("/group-robots/add", other).text
        settings["PORTAL_WEBHOOK_HOSTS"] = f"http://127.0.0.1:{crowd.port}"
        added = client.submit("/group-robots/add", typed)
        assert added.status == 302
        key = added.location.rsplit("/", 1)[1]
        show = client.get(f"/group-robots/show/{key}")
        assert "It leads to 127.0.0.1" in show.text
        edit = client.get(f"/group-robots/edit/{key}")
        for path in ("/group-robots/list/", f"/api/v1/group-robots/{key}", "/api/v1/group-robots/"):
            assert "geheim" not in client.get(path).text
        assert "geheim" not in show.text + edit.text
        assert client.get(f"/group-robots/reveal/{key}/hook").status == 404
        assert client.submit(f"/group-robots/edit/{key}", {"name": "平安群"}).status == 302
        token = {"csrf_token": show.form(f"/group-robots/test/{key}")["csrf_token"]}
        assert client.post(f"/group-robots/test/{key}", token).status == 302
        work()
        assert "Test message of the portal" in crowd.told[0]["text"]["content"]
    with portal.app_context():
        (row,) = db.session.scalars(select(GroupRobot))
        assert (row.name, row.hook) == ("平安群", crowd.url)  # left empty: kept
        kept = db.session.connection().exec_driver_sql("SELECT hook FROM group_robots").scalar_one()
        assert "geheim" not in kept
        told = [str(entry.changes) for entry in db.session.scalars(select(AuditEntry))]
        assert not [changes for changes in told if "geheim" in changes]


def unsent(client):
    """The tile of the desk."""
    tiles = {t.select_one(".lab").text: t for t in client.get("/desk/").soup.select("a.tile")}
    return tiles["Messages that did not go out"]


def test_the_administrator_sees_who_and_which_kind_and_never_what(
    portal, client_as, settings, office, tmp_path, work
):
    office.refused = {"leader07@demo.invalid": 550, "worker07@demo.invalid": 450}
    planted(portal, tmp_path, "leader07", "worker07", "station")
    work()
    client = client_as("admin", "en")
    tile = unsent(client)
    assert tile.b.text == "2"
    page = client.get(tile["href"])
    assert len(page.soup.select("main tbody tr")) == 2
    assert "leader07" in page.text and "The server refuses the address" in page.text
    shown = [page, *(client.get(url) for url in page.links("main tbody th a[href]"))]
    shown.append(client.get("/deliveries/list/"))
    for one in shown:
        for secret in ("漏水", "0001", "demo.invalid", "work-orders/show"):
            assert secret not in one.one("main").get_text() + str(one.links("main a[href]"))
    assert client_as("station").get("/deliveries/list/").status == 403
    ways = client_as("admin").get("/deliveries/list/").soup.select('select[name="channel"] option')
    assert [option.text for option in ways][1:] == ["邮件", "群机器人"]
    office.refused = {}
    form = page.form("/deliveries/action_post")
    keys = [tag["value"] for tag in page.soup.select('main input[name="rowid"]')]
    asked = client.post("/deliveries/action_post", {**form, "rowid": keys})
    assert asked.status == 200 and "Try 2 messages again?" in asked.text
    done = client.post(
        "/deliveries/action_post",
        {"csrf_token": form["csrf_token"], "action": "again", "confirmed": "yes", "rowid": keys},
    )
    assert done.status == 302
    work()
    assert sorted(office.to()) == [
        f"{name}@demo.invalid" for name in ("leader07", "station", "worker07")
    ]
    with portal.app_context():
        retried = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "retry")).all()
        assert [entry.table_name for entry in retried] == ["deliveries"] * 2


def post(client, name, keys):
    """What the buttons of the log do, asked for and confirmed."""
    token = client.get("/account/messages/").form()["csrf_token"]
    told = {"csrf_token": token, "action": name, "confirmed": "yes", "rowid": keys}
    return client.post("/deliveries/action_post", told)


def test_what_is_too_late_is_not_offered_again_and_can_be_left(
    portal, client_as, settings, office, tmp_path, work
):
    office.refused = {"": 550}
    planted(portal, tmp_path, "leader07", "worker07", until=at("2100-01-01T00:00"))
    work()
    with portal.app_context():
        late, good = db.session.scalars(select(Delivery.id).order_by(Delivery.id)).all()
        table = Delivery.__table__
        past = table.update().where(table.c.id == late).values(expires_at=at("2026-03-03T11:00"))
        db.session.connection().execute(past)
        db.session.commit()
        db.session.remove()
    client = client_as("admin", "en")
    buttons = {
        key: [b.text for b in client.get(f"/deliveries/show/{key}").soup.select("main form button")]
        for key in (late, good)
    }
    assert buttons == {late: ["Leave it"], good: ["Try again", "Leave it"]}
    page = client.get("/deliveries/list/?preset=failing")
    forms = [f for f in page.soup.select("main form") if f.select('input[name="rowid"]')]
    offered = {
        form.select_one('input[name="action"]')["value"]: {
            int(tag["value"]) for tag in form.select('input[name="rowid"]')
        }
        for form in forms
    }
    assert offered == {"again": {good}, "leave": {late, good}}
    assert post(client, "again", [late]).status == 302
    assert "Nothing was changed" in client.get("/deliveries/list/").text
    asked = client.post("/deliveries/action_post", {
        "csrf_token": page.form("/deliveries/action_post")["csrf_token"],
        "action": "leave", "rowid": [late, good],
    })  # fmt: skip
    assert asked.status == 200 and "Leave 2 messages unsent?" in asked.text
    assert post(client, "leave", [late, good]).status == 302
    assert "2 messages are left unsent." in client.get("/deliveries/list/").text
    quiet = client.get("/desk/").soup.select(".quiet a")
    assert "Messages that did not go out" in [link.get_text() for link in quiet]
    with portal.app_context():
        asked = select(AuditEntry.row_id).where(
            AuditEntry.table_name == "deliveries", AuditEntry.action == "drop"
        )
        assert sorted(db.session.scalars(asked)) == [late, good]
        states = db.session.execute(select(Delivery.state, Delivery.error)).all()
        assert states == [("skipped", "address")] * 2


def test_a_robot_that_has_told_something_is_deleted_and_its_log_stays(
    portal, client_as, settings, work
):
    key = planted_robot(portal, hook="https://qyapi.weixin.qq.com/x")
    with portal.app_context(), acting(SYSTEM):
        common = {"topic": "warnings", "channel": "webhook", "state": "skipped"}
        db.session.add(Delivery(target=f"robot-{key}", robot_id=key, **common))
        db.session.add(Delivery(target="env-0123456789abcdef", **common))
        db.session.commit()
        db.session.remove()
    admin = client_as("admin", "en")
    found = admin.get("/deliveries/list/?q=综治").soup.select("main tbody tr")
    assert len(found) == 1 and "综治群" in found[0].get_text()
    client = client_as("station", "en")
    assert client.submit(f"/group-robots/delete/{key}").status == 302
    assert client.get(f"/group-robots/show/{key}").status == 404
    rows = [tr.get_text(" ", strip=True) for tr in
            admin.get("/deliveries/list/").soup.select("main tbody tr")]  # fmt: skip
    assert ["of the settings" in row for row in rows] == [True, False]
    assert ["deleted" in row for row in rows] == [False, True]


def planted_robot(portal, **more):
    """The key of a robot of the community, put there past the page."""
    with portal.app_context(), acting(SYSTEM):
        told = {"name": "综治群", "kind": "wecom", "grid_code": COMMUNITY, "topics": "warnings"}
        robot = GroupRobot(**told | more)
        db.session.add(robot)
        db.session.commit()
        key = robot.id
        db.session.remove()
    return key


def test_a_robot_whose_host_is_not_named_any_more_can_be_switched_off(portal, client_as, settings):
    key = planted_robot(portal, hook="https://relay.example.org/x")
    client = client_as("station", "en")
    here = f"/group-robots/edit/{key}"
    refused = client.submit(here, {"name": "平安群"})
    assert refused.status == 400 and "not known as one of group robots" in refused.text
    assert client.submit(here, {"active": None}).status == 302
    assert "switched off" in client.get(f"/group-robots/show/{key}").text


def test_an_address_that_cannot_be_opened_breaks_no_page_and_is_mended(
    portal, client_as, settings, tmp_path
):
    key = planted_robot(portal, hook="https://qyapi.weixin.qq.com/x")
    with portal.app_context(), acting(SYSTEM):
        db.session.connection().exec_driver_sql("UPDATE group_robots SET hook = 'AAAA'")
        told = {"topic": "warnings", "channel": "webhook", "state": "skipped"}
        row = Delivery(target=f"robot-{key}", robot_id=key, **told)
        db.session.add(row)
        db.session.commit()
        delivery = row.id
        db.session.remove()
    admin, client = client_as("admin", "en"), client_as("station", "en")
    for path in ("/deliveries/list/", f"/deliveries/show/{delivery}", "/group-robots/list/"):
        assert "综治群" in admin.get(path).text
    assert "cannot be read: paste it anew" in client.get(f"/group-robots/show/{key}").text
    here = f"/group-robots/edit/{key}"
    refused = client.submit(here, {"name": "平安群"})
    assert refused.status == 400 and "Paste the whole address" in refused.text
    mended = {"new_hook": "https://qyapi.weixin.qq.com/y", "name": "平安群"}
    assert client.submit(here, mended).status == 302
    assert "It leads to qyapi.weixin.qq.com" in client.get(f"/group-robots/show/{key}").text


def test_figures_and_doctor(portal, client_as, settings, office, tmp_path):
    settings["PORTAL_MAIL_URL"] = f"smtp://127.0.0.1:{free_port()}"
    planted(portal, tmp_path, "leader07")
    with portal.app_context(), acting(SYSTEM):
        sending.send_due(db.session, at("2026-03-03T10:00"))
        db.session.remove()
        assert check_mail(portal)[0] == "fail" and "unreachable" in check_mail(portal)[1]
        level, detail = check_webhooks(portal)
        assert level == "warn" and "1 messages did not go out" in detail
        settings["PORTAL_MAIL_URL"] = office.url
        assert check_mail(portal) == (
            "ok", f"127.0.0.1:{office.port}, in clear, from portal@127.0.0.1"
        )  # fmt: skip
        settings["PORTAL_MAIL_URL"] = "smtp://u:geheim@mail.example.org?tls=none"
        assert check_mail(portal)[0] == "fail" and "geheim" not in check_mail(portal)[1]
        settings["PORTAL_WEBHOOK_URLS"] = "ftp://x"
        assert check_webhooks(portal)[0] == "fail"
    token = portal.config["PORTAL_METRICS_TOKEN"]
    text = client_as(None).get(f"/metrics?token={token}").text
    found = {
        sample.labels["state"]: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "portal_deliveries"
    }
    assert found == {"waiting": 0, "held": 0, "sending": 0, "failed": 1, "given_up": 0}


def test_the_log_is_kept_for_half_a_year_at_least(portal, client_as):
    with portal.app_context():
        asked = select(Setting.id).where(Setting.key == "deliveries.keep_days")
        key = db.session.scalar(asked)
        db.session.remove()
    client = client_as("admin", "en")
    page = client.submit(f"/settings/edit/{key}", {"value": "179"})
    assert page.status == 400 and "from 180 on" in page.text
    assert client.submit(f"/settings/edit/{key}", {"value": "365"}).status == 302


def test_robots_of_elsewhere_are_not_there(portal, client_as):
    with portal.app_context(), acting(SYSTEM):
        street = GroupRobot(
            name="街道群", kind="wecom", hook="https://qyapi.weixin.qq.com/x",
            grid_code="420102002", topics="warnings",
        )  # fmt: skip
        db.session.add(street)
        db.session.commit()
        key = street.id
        assert id_of(db.session, "station")
        db.session.remove()
    assert client_as("station").get(f"/group-robots/show/{key}").status == 404
    assert client_as("admin").get(f"/group-robots/show/{key}").status == 200
    assert client_as("leader07").get("/group-robots/list/").status == 403
