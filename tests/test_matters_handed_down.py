"""Slips of 12345 that are pasted, and the replies that go back in the same layout."""

import csv as csv_files
import io
from datetime import timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from portal import clock
from portal.errors import RuleError
from portal.extensions import db
from portal.models import AuditEntry, Matter, WorkOrder
from portal.rules import matters, work_orders
from portal.rules.exports import export
from portal.rules.imports import KINDS, run_import
from portal.rules.pasted import Sheet, Slip, read
from portal.rules.reports import Report
from portal.scope import acting
from tests.support.matters import CELL, category, who
from tests.support.uploads import AREA_2, tiles

SLIP = f"""市民热线工单
工单编号：HN2026-0316-7   紧急程度：紧急
受理员：1023
【来电时间】2026年3月16日 10时20分
诉求类别：邻里纠纷/漏水渗水
诉求内容：楼上卫生间漏水三天。
市民要求尽快处理，回电13800001234。
来电人：张三丰  联系电话：13900005678
地址：3栋2单元501
网格编码：{CELL}
办结期限：2026-03-20
"""
TABLE = (
    f"转办表\n工单编号\t类别\t内容\t网格编码\nP1\t漏水渗水\t一\t{CELL}\nP2\t噪声扰民\t二\t{CELL}\n"
)


@pytest.fixture
def as_clerk(session):
    with acting(who(session, "clerk1")):
        yield session


def test_a_slip_is_read_into_the_columns_of_the_import(as_clerk):
    slip = read(as_clerk, SLIP)
    assert isinstance(slip, Slip) and slip.category.code == "DI0202" and not slip.unread
    values = slip.values
    assert (values["outside_number"], values["urgency"]) == ("HN2026-0316-7", "urgent")
    assert values["summary"].startswith("楼上卫生间漏水三天")
    assert "13800001234" not in str(values["summary"]) + str(values["detail"])
    assert "市民要求尽快处理" in (values["detail"] or values["summary"])
    assert (values["reporter_name"], values["reporter_contact"]) == ("张三丰", "13900005678")
    assert (values["place"], values["grid_code"]) == ("3栋2单元501", CELL)


def test_what_cannot_be_read_is_named(as_clerk):
    slip = read(as_clerk, "工单编号：X1\n来电时间：前天\n诉求类别：城乡建设/物业服务\n诉求内容：甲")
    assert (slip.category, slip.category_text) == (None, "城乡建设/物业服务")
    assert slip.unread == ["来电时间"]


def test_rows_of_a_sheet_are_a_file_and_one_row_is_a_slip(as_clerk):
    found = read(as_clerk, TABLE)
    assert isinstance(found, Sheet) and found.rows == 2
    one = read(as_clerk, TABLE.rsplit("P2", 1)[0])
    assert isinstance(one, Slip) and one.values["outside_number"] == "P1"


CELLS = {
    "two pairs beside each other": (
        "工单编号\tHN-7\t紧急程度\t紧急\n受理员\t1023\n来电人\t张三丰\t联系电话\t13900005678\n"
        "诉求类别\t漏水渗水\n诉求内容\t楼上漏水\n备注\t无\n地址\t3栋"
    ),
    "one pair in a line": (
        "【工单编号】\tHN-7\n紧急程度：\t紧急\n来电人\t张三丰\n联系电话\t13900005678\n"
        "诉求类别\t漏水渗水\n诉求内容\t楼上漏水\n地址\t3栋"
    ),
    "beside lines with colons": (
        "工单编号：HN-7\t紧急程度：紧急\n来电人\t张三丰\t联系电话：13900005678\n"
        "诉求类别：漏水渗水\n诉求内容：楼上漏水\n地址：3栋"
    ),
}


@pytest.mark.parametrize("text", CELLS.values(), ids=CELLS)
def test_a_slip_copied_from_the_table_of_a_page_is_no_sheet(as_clerk, text):
    slip = read(as_clerk, text)
    assert isinstance(slip, Slip) and slip.category.code == "DI0202"
    person = ("reporter_name", "reporter_contact")
    told = [
        slip.values[name] for name in ("outside_number", "urgency", *person, "summary", "place")
    ]
    assert told == ["HN-7", "urgent", "张三丰", "13900005678", "楼上漏水", "3栋"]


def test_a_sheet_whose_values_are_labels_too_stays_one(as_clerk):
    found = read(as_clerk, f"紧急程度\t工单编号\t网格编码\n紧急\tP1\t{CELL}\n紧急\tP2\t{CELL}")
    assert isinstance(found, Sheet) and found.rows == 2


def test_a_cell_that_is_longer_than_any_is_refused(as_clerk):
    before = csv_files.field_size_limit(131_072)  # as a process begins that has imported nothing
    try:
        with pytest.raises(RuleError) as refusal:
            read(as_clerk, "工单编号\t诉求内容\nP1\t" + "长" * 140_000)
    finally:
        csv_files.field_size_limit(before)
    assert refusal.value.field == "text"


@pytest.mark.parametrize("text", ["随便说说", "工单编号：1", "<script>alert(1)</script>", "\t\t\n"])
def test_other_text_is_refused(as_clerk, text):
    with pytest.raises(RuleError):
        read(as_clerk, text)


def test_on_the_page_the_form_is_filled_in_and_reported(client_as, portal):
    client = client_as("leader07")
    page = client.get("/matters/paste")
    page = client.post("/matters/paste", {**page.form("/matters/paste"), "text": SLIP})
    assert page.status == 200
    form = page.form("/matters/report")
    assert form["outside_number"] == "HN2026-0316-7" and form["channel"] == "hotline12345"
    assert form["reported_at"].startswith("2026-03-16T10:20")
    answer = client.post("/matters/report", form)
    assert answer.status == 302, answer.text[:3000]
    with portal.app_context():
        row = db.session.scalars(
            select(Matter).where(Matter.outside_number == "HN2026-0316-7")
        ).one()
        assert (row.reporter_contact, row.urgency) == ("13900005678", "urgent")
    page = client.post("/matters/paste", {**page.form("/matters/report"), "text": SLIP})
    again = client.post("/matters/report", page.form("/matters/report"))
    assert again.status == 400 and "已在册" in again.one("#errors").get_text()


def test_the_row_of_a_slip_that_was_reported_changes_nothing(client_as, portal, tmp_path):
    client = client_as("leader07")
    slip = SLIP.replace("10时20分", "10时20分35秒")
    page = client.get("/matters/paste")
    page = client.post("/matters/paste", {**page.form("/matters/paste"), "text": slip})
    form = page.form("/matters/report")
    form["detail"] = form["detail"].replace("\n", "\r\n")  # as browsers send it
    assert "\r\n" in form["detail"] and client.post("/matters/report", form).status == 302
    file = tmp_path / "row.csv"
    with file.open("w", encoding="utf-8", newline="") as target:
        sheet = csv_files.writer(target)
        row = {
            "工单编号": "HN2026-0316-7",
            "来电时间": "2026-03-16 10:20:35",
            "诉求类别": "邻里纠纷/漏水渗水",
            "诉求内容": "楼上卫生间漏水三天。\n市民要求尽快处理，回电13800001234。",
            "联系电话": "13900005678",
            "办结期限": "2026-03-20",
        }
        sheet.writerows([row.keys(), row.values()])
    with portal.app_context(), acting(who(db.session, "station")):
        report = run_import(db.session, KINDS["matters"], file)
    assert (report.unchanged, report.by_reason) == (1, {})


def test_several_rows_go_to_the_check_of_an_import(client_as, work):
    client = client_as("clerk1")
    form = client.get("/matters/paste").form("/matters/paste")
    answer = client.post("/matters/paste", {**form, "text": TABLE})
    assert answer.status == 302 and answer.location.startswith("/imports/preview/")
    work()
    assert tiles(client.get(answer.location)) == ["2", "0", "0", "0"]
    worker = client_as("worker07")
    form = worker.get("/matters/paste").form("/matters/paste")
    assert worker.post("/matters/paste", {**form, "text": TABLE}).status == 400


@pytest.fixture
def handed_down(session):
    """An answered one, one under way, one restricted of another reporter, one of another area, one
    from a patrol; their numbers elsewhere.
    """
    told = {
        "R1": Report(category(session).id, CELL, "漏水", "hotline12345", reporter_name="张三丰",
                     reporter_contact="13900005678"),
        "R2": Report(category(session).id, CELL, "=1+1 噪声", "superior"),
        "R3": Report(category(session, "DI0101").id, CELL, "争吵", "hotline12345"),
        "R4": Report(category(session).id, f"{AREA_2}01001", "漏水", "hotline12345"),
        "R5": Report(category(session).id, CELL, "巡查", "patrol"),
    }  # fmt: skip
    orders = {}
    with acting(who(session, "station")):
        for number, one in told.items():
            one = Report(**{**vars(one), "outside_number": number})
            orders[number] = matters.report(session, one)
    with acting(who(session, "leader07")):
        work_orders.move(session, orders["R1"].id, "settle", {"result": "已修好"})
    session.commit()
    return orders


def own(file):
    """The rows of an exported file that the tests made."""
    rows = csv_files.DictReader(file.read_text("utf-8-sig").splitlines())
    return [row for row in rows if row["outside_number"] in ("R1", "R2", "R3", "R4", "R5")]


def test_replies_are_in_the_layout_of_the_import_and_read_back(session, handed_down, tmp_path):
    out = tmp_path / "replies.csv"
    with acting(who(session, "clerk1")):
        assert export(session, "matters", out) >= 2
    rows = own(out)
    assert next(iter(rows[0])) == "outside_number"
    assert [row["outside_number"] for row in rows] == ["R1", "R2"]
    assert (rows[0]["result"], rows[0]["state"]) == ("已修好", "closed")
    assert rows[0]["finished_at"] and rows[0]["handled_by"]
    assert (rows[1]["result"], rows[1]["state"], rows[1]["summary"]) == (
        "", "reported", "'=1+1 噪声",
    )  # fmt: skip
    assert "张三丰" not in out.read_text("utf-8-sig")
    assert {row["reporter_name"] for row in rows} == {""}
    back = read_back(session, tmp_path, rows)
    assert (back.unchanged, back.failed, back.extra_columns) == (2, 0, [])
    labelled = AuditEntry.row_label.like("matters%")
    noted = select(AuditEntry).where(AuditEntry.action == "export", labelled)
    assert session.scalars(noted).first().actor == "clerk1"


def read_back(session, tmp_path, rows):
    """The report of importing these rows of an exported file."""
    again = tmp_path / "again.csv"
    with again.open("w", encoding="utf-8", newline="") as target:
        sheet = csv_files.DictWriter(target, rows[0])
        sheet.writeheader()
        sheet.writerows(rows)
    with acting(who(session, "station")):
        return run_import(session, KINDS["matters"], again)


def test_the_day_of_12345_stays_whoever_gets_the_matter(session, tmp_path):
    wanted = clock.now() + timedelta(days=3)
    day = clock.today() + timedelta(days=20)
    with acting(who(session, "station")):
        told = Report(category(session, "HZ0706").id, CELL, "疑似制毒", "hotline12345",
                      outside_number="R5", outside_due_at=wanted)  # fmt: skip
        order = matters.report(session, told)
        unit = {"unit": "禁毒大队", "their_due": day}
        work_orders.move(session, order.id, "handoff", unit)
    session.commit()
    assert clock.local(clock.aware(order.outside_due_at)).date() == day
    out = tmp_path / "replies.csv"
    with acting(who(session, "station")):
        export(session, "matters", out)
    (row,) = own(out)
    assert row["due_by"] == f"{clock.local(wanted):%F %H:%M}"
    back = read_back(session, tmp_path, [row])
    assert (back.unchanged, back.failed) == (1, 0)
    changed = read_back(session, tmp_path, [row | {"due_by": "2026-01-01 08:00"}])
    assert changed.by_reason == {"known_otherwise": 1}


def test_the_page_of_the_order_says_what_12345_wants(client_as, portal):
    with portal.app_context():
        with acting(who(db.session, "station")):
            told = Report(category(db.session).id, CELL, "漏水", "hotline12345",
                          outside_number="R6", outside_due_at=clock.now())  # fmt: skip
            order = matters.report(db.session, told)
        db.session.commit()
        key, matter = order.id, order.matter_id
    client = client_as("leader07")
    assert "要求" in client.get(f"/work-orders/show/{key}").one(".note.info").get_text()
    assert "对方时限" in client.get(f"/matters/show/{matter}").text


def test_only_what_was_answered_since_a_day(session, handed_down, tmp_path):
    out = tmp_path / "replies.csv"
    found = {}
    with acting(who(session, "station")):
        for name, since in (
            ("all", None), ("today", clock.today()), ("later", clock.today() + timedelta(days=1)),
        ):  # fmt: skip
            export(session, "matters", out, None, since)
            found[name] = [row["outside_number"] for row in own(out)]
    assert found == {"all": ["R1", "R2", "R3", "R4"], "today": ["R1"], "later": []}


def test_the_command_knows_it(portal, tmp_path):
    out = tmp_path / "x.csv"
    run = portal.test_cli_runner().invoke
    result = run(args=["portal", "export", "matters", str(out), "--since", "2026-01-01"])
    assert result.exit_code == 0, result.output
    result = run(args=["portal", "export", "grids", str(out), "--since", "2026-01-01"])
    assert result.exit_code != 0


def test_the_page_gives_the_files_with_their_origin(portal, client_as):
    with portal.app_context():
        with acting(who(db.session, "station")):
            told = Report(category(db.session).id, CELL, "漏水", "hotline12345",
                          outside_number="R9", reporter_name="张三丰")  # fmt: skip
            order = matters.report(db.session, told)
        with acting(who(db.session, "leader07")):
            work_orders.move(db.session, order.id, "settle", {"result": "已修好"})
        db.session.commit()
        assert db.session.get(WorkOrder, order.id).state == "closed"
    client = client_as("clerk1")
    page = client.get("/matters/replies")
    links = [tag["href"] for tag in page.soup.select(".formacts a")]
    assert len(links) == 2
    book = load_workbook(io.BytesIO(client.get(links[0]).body))
    first, about = book.worksheets
    rows = list(first.values)
    assert rows[0][0] == "工单编号" and rows[0][-5:] == (
        "办理单位", "办理结果", "办结时间", "满意度", "状态",
    )  # fmt: skip
    (told,) = (row for row in rows if row[0] == "R9")
    assert "已修好" in told and "已办结" in told
    assert not any("张三丰" in str(row) for row in rows)
    assert any("clerk1" in str(row) or "导出人" in str(row) for row in about.values)
    assert client.get("/matters/replies?since=nonsense").status == 400
    assert client.get("/matters/replies/pdf?since=").status == 404
