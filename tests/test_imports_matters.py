"""Orders of 12345 and of superior platforms as a file: reported by the real rule, once each."""

import csv as csv_files
import json
from datetime import date, datetime

import pytest
from sqlalchemy import func, select, text

from portal import clock
from portal.errors import Forbidden, RuleError
from portal.models import (
    AuditEntry,
    ImportBatch,
    Matter,
    MatterPerson,
    PetitionCase,
    TraceEntry,
    WorkOrder,
)
from portal.rules import matters, trace, work_orders
from portal.rules.imports import KINDS, Options, run_import, undo_import, write_rejects
from portal.rules.imports.cells import Bad
from portal.rules.imports.kinds.matter_columns import LAST_MINUTE, moment
from portal.rules.imports.kinds.matters import words_of
from portal.rules.reports import Report
from portal.scope import SYSTEM, acting
from tests.support.matters import AREA, CELL, category, who
from tests.support.uploads import AREA_2, checked, csv, imported, tiles

HEAD = (
    "工单编号,来电时间,受理时间,来源,诉求类型,诉求内容,地址,网格编码,来电人,联系电话,紧急程度,"
    "办结期限"
)
LEAK = (
    f"HN2026-001,2026-03-16 10:20,2026-03-16 10:31,12345热线,漏水渗水,"
    f"楼上卫生间漏水三天了。物业没有来。,3栋2单元501,{CELL},张三丰,13800001234,紧急,2026-03-20"
)
FAMILY = (
    f"HN2026-002,2026年3月16日9时5分,,市民热线,矛盾纠纷/夫妻矛盾,夫妻争吵,3栋,{CELL},"
    "李四光,027-82345678,,"
)
SHEET = f"12345工单转办表,,,,,,,,,,,\n{HEAD}\n{LEAK}\n{FAMILY}\n"
NAMES = ("张三丰", "李四光", "13800001234", "82345678")


@pytest.fixture
def load(session, tmp_path):
    """``load(text, username, **options)``: import a CSV text as an account and commit."""

    def run(content, username="clerk1", **options):
        file = tmp_path / "orders.csv"
        file.write_text(content, encoding="utf-8")
        with acting(who(session, username)):
            report = run_import(session, KINDS["matters"], file, Options(**options))
        session.commit()
        return report

    return run


def of_number(session, number):
    """Matter and order with this number of elsewhere."""
    matter = session.scalars(select(Matter).where(Matter.outside_number == number)).one()
    order = session.scalars(select(WorkOrder).where(WorkOrder.matter_id == matter.id)).one()
    return matter, order


def test_rows_become_matters_by_the_rule_that_reports(session, load):
    report = load(SHEET)
    assert (report.created, report.failed, report.extra_columns) == (2, 0, ["受理时间"])
    matter, order = of_number(session, "HN2026-001")
    assert (matter.summary, matter.detail) == ("楼上卫生间漏水三天了。物业没有来。", None)
    assert (matter.category_id, matter.kind) == (category(session).id, "dispute")
    assert (matter.channel, matter.urgency, matter.grid_code) == ("hotline12345", "urgent", CELL)
    assert (matter.reporter_name, matter.reporter_contact) == ("张三丰", "13800001234")
    assert f"{clock.local(matter.reported_at):%F %H:%M}" == "2026-03-16 10:20"
    assert f"{clock.local(matter.outside_due_at):%F %H:%M}" == "2026-03-20 23:59"
    assert order.outside_due_at is None  # no other unit has it
    assert order.state == "reported" and order.number.startswith("420102002990-")
    assert clock.aware(order.due_at) > clock.now()  # our time begins when it reaches us
    assert trace.verify(session, order.number).faults == []
    entry = session.scalars(select(TraceEntry).where(TraceEntry.order_id == order.id)).one()
    assert (entry.actor, entry.move) == ("clerk1", "report")
    family, _order = of_number(session, "HN2026-002")
    assert family.visibility == "restricted"


def test_the_same_file_again_changes_nothing(session, load):
    load(SHEET)
    again = load(SHEET)
    assert (again.created, again.unchanged, again.failed) == (0, 2, 0)
    assert session.scalar(select(func.count()).where(Matter.outside_number.like("HN2026%"))) == 2


def test_a_changed_row_is_refused_and_nothing_overwritten(session, load):
    load(SHEET)
    changed = load(SHEET.replace("物业没有来", "物业来过一次"))
    assert (changed.unchanged, changed.by_reason) == (1, {"known_otherwise": 1})
    assert of_number(session, "HN2026-001")[0].summary.endswith("物业没有来。")


def test_an_empty_cell_is_no_change(session, load):
    load(SHEET)
    short = load("工单编号,诉求类型,诉求内容\nHN2026-002,夫妻矛盾,夫妻争吵\n")
    assert (short.unchanged, short.failed) == (1, 0)


def test_what_is_wrong_is_told_and_comes_back(session, load, tmp_path):
    rows = [
        f"A1,,,,没有这一类,内容,,{CELL},王五,13800005678,,",
        f"A2,,,,其他,内容,,{CELL},,,,",
        f"A3,,,,漏水渗水,,,{CELL},,,,",
        f",,,,漏水渗水,内容,,{CELL},,,,",
        f"A5,2099-01-01,,,漏水渗水,内容,,{CELL},,,,",
        f"A6,昨天,,,漏水渗水,内容,,{CELL},,,,",
        "A7,,,,漏水渗水,内容,,4201020029900109,,,,",
        f"A8,,,,漏水渗水,身份证 420102 19900101 1234 在此,,{CELL},,,,",
        f"A9,,,,漏水渗水,一,,{CELL},,,,",
        f"A9,,,,漏水渗水,二,,{CELL},,,,",
        f"=cmd,,,,漏水渗水,内容,,{CELL},,,,",
    ]
    report = load("\n".join([HEAD, *rows]) + "\n")
    assert report.created == 1
    assert report.by_reason == {
        "unknown_category": 2, "words_missing": 1, "outside_number_missing": 1, "future": 1,
        "bad_date": 1, "unknown_grid": 1, "numbers_in_text": 1, "duplicate_row": 1, "bad_code": 1,
    }  # fmt: skip
    assert not any(text in report.as_json() for text in ("王五", "13800005678", "19900101"))
    back = tmp_path / "back.csv"
    write_rejects(report, back)
    lines = list(csv_files.reader(back.read_text("utf-8-sig").splitlines()))
    assert len(lines) == 11 and lines[1][0] == "A1" and lines[1][-1] == "unknown_category"
    assert lines[1][9] == "13800005678"  # as it came, to whoever imported it
    assert lines[-1][0] == "'=cmd"


def test_telephones_in_the_text_are_hidden(session, load):
    report = load(f"{HEAD}\nB1,,,,漏水渗水,请回电13912345678谢谢,,{CELL},,,,\n")
    assert report.mended["number_in_text"] == 1
    assert of_number(session, "B1")[0].summary == "请回电139****5678谢谢"


def test_a_clerk_reaches_no_other_area(session, load):
    other = f"{AREA_2}01001"
    report = load(f"{HEAD}\nC1,,,,漏水渗水,内容,,{other},,,,\nC2,,,,漏水渗水,内容,,{CELL},,,,\n")
    assert (report.created, report.by_reason) == (1, {"out_of_scope": 1})
    assert session.scalar(select(func.count()).where(Matter.outside_number == "C1")) == 0


def test_a_number_of_another_area_is_one_matter_and_tells_nothing(session, load):
    load(f"{HEAD}\nD1,,,,漏水渗水,内容,,{AREA_2}01001,王五,,,\n", "clerk2")
    same = load(f"{HEAD}\nD1,,,,漏水渗水,内容,,{CELL},王五,,,\n")
    other = load(f"{HEAD}\nD1,,,,噪声扰民,别的,,{CELL},,,,\n")
    assert same.by_reason == other.by_reason == {"known_elsewhere": 1}


def test_what_few_may_see_is_not_told_to_another_clerk(session, load):
    load(SHEET, "station")
    report = load(SHEET)  # the clerk of the area does not handle disputes of families
    assert report.by_reason == {"known_elsewhere": 1} and report.unchanged == 1


def test_without_a_grid_it_lies_with_whoever_imports(session, load):
    load("工单编号,类别,内容\nE1,漏水渗水,内容\n")
    assert of_number(session, "E1")[0].grid_code == AREA
    report = load("工单编号,类别,内容\nE2,漏水渗水,内容\n", dry_run=True)
    assert report.created == 1 and report.samples[0]["new"]
    assert session.scalar(select(func.count()).where(Matter.outside_number == "E2")) == 0


def test_whoever_reports_may_import_and_nobody_else(session, load):
    with pytest.raises(Forbidden):
        load(SHEET, "leader")


def test_nothing_of_the_reporter_lies_in_clear(session, load):
    report = load(SHEET)
    batch = session.get(ImportBatch, report.batch)
    stored = [batch.report]
    for table in ("matters", "work_orders", "audit_entries", "trace_entries", "import_changes",
                  "messages", "tasks"):  # fmt: skip
        stored += [str(tuple(row)) for row in session.execute(text(f"SELECT * FROM {table}"))]
    assert not [one for one in NAMES if any(one in line for line in stored)]
    entry = session.scalars(
        select(AuditEntry).where(AuditEntry.table_name == "matters", AuditEntry.action == "insert")
    ).first()
    assert entry.actor == "clerk1"


def test_taking_back_voids_what_nobody_took_up_and_names_the_others(session, load):
    report = load(SHEET)
    _matter, order = of_number(session, "HN2026-001")
    with acting(who(session, "leader07")):
        work_orders.move(session, order.id, "accept", {})
    session.commit()
    with acting(who(session, "clerk1")):
        done = undo_import(session, report.batch)
    session.commit()
    assert done.ok and done.removed == 1
    assert [(one["label"], one["reason"]) for one in done.kept] == [
        (f"{order.number} HN2026-001", "in_work")
    ]
    session.refresh(order)
    assert order.state == "accepted" and not order.void
    gone = of_number(session, "HN2026-002")[1]
    assert gone.void and trace.verify(session).faults == []
    last = session.scalars(trace.entries_of(gone.id)).all()[-1]
    assert (last.move, last.actor) == ("void", "clerk1")
    assert json.loads(last.details) == {"batch": report.batch}
    again = load(SHEET)  # the number is free again
    assert (again.created, again.unchanged, again.failed) == (1, 1, 0)


def test_a_batch_all_taken_up_is_refused(session, load):
    report = load(f"{HEAD}\n{LEAK}\n")
    _matter, order = of_number(session, "HN2026-001")
    with acting(who(session, "leader07")):
        work_orders.move(session, order.id, "accept", {})
    with acting(who(session, "clerk1")):
        done = undo_import(session, report.batch)
    assert (done.ok, done.removed, len(done.refused)) == (False, 0, 1)
    assert session.get(ImportBatch, report.batch).undone_at is None


PETITION = f"HN2026-003,2026-03-16 10:20,,12345热线,PT0201,征收补偿未到位,3栋,{CELL},,,,"


def test_what_others_were_merged_into_and_a_petition_with_an_authority_stay(session, load):
    report = load(f"{HEAD}\n{LEAK}\n{PETITION}\n")
    target, case = (of_number(session, f"HN2026-00{number}")[1] for number in (1, 3))
    with acting(who(session, "leader07")):
        told = Report(category(session).id, CELL, "又漏水", reported_at=target.reported_at)
        part = matters.report(session, told)
        work_orders.move(session, part.id, "merge", {"into": target.number})
    # Written down before it left an entry in the trail.
    with acting(SYSTEM):
        petition = select(PetitionCase).where(PetitionCase.order_id == case.id)
        session.scalars(petition).one().authority = "区住建局"
        session.commit()
    with acting(who(session, "clerk1")):
        session.expunge_all()
        batch = session.get(ImportBatch, report.batch)
        told = KINDS["matters"].take_back(session, batch, keep=True)
        assert not [one for one in session if isinstance(one, WorkOrder)]  # looked at by columns
        done = undo_import(session, report.batch)
    assert [one["reason"] for one in told.kept] == ["in_work", "in_work"]
    assert (done.ok, [one["reason"] for one in done.refused]) == (False, ["in_work", "in_work"])
    assert not of_number(session, "HN2026-001")[1].void
    with acting(who(session, "station")):
        target = of_number(session, "HN2026-001")[1]
        assert "void" not in {step.name for step in work_orders.moves_of(session, target)}
        with pytest.raises(RuleError):
            work_orders.move(session, target.id, "void", {"reason": "误报"})


def test_others_do_not_take_it_back_but_the_station(session, load):
    report = load(f"{HEAD}\n{LEAK}\n")
    with acting(who(session, "clerk2")):
        assert undo_import(session, report.batch).refused[0]["reason"] == "out_of_scope"
    with acting(who(session, "station")):
        assert undo_import(session, report.batch).removed == 1


def test_the_form_makes_no_second_matter_of_a_number_either(session, load):
    load(f"{HEAD}\n{LEAK}\n")
    told = Report(category(session).id, CELL, "漏水", outside_number=" HN2026-001 ")
    with acting(who(session, "leader07")), pytest.raises(RuleError) as refusal:
        matters.report(session, told)
    assert refusal.value.field == "outside_number"
    assert of_number(session, "HN2026-001")[1].number in str(refusal.value)


def test_whoever_imports_sees_it_and_its_heads_hear_of_it(session, load):
    load(SHEET)
    matter, _order = of_number(session, "HN2026-002")
    parts = session.execute(
        select(MatterPerson.user_id, MatterPerson.part).where(MatterPerson.matter_id == matter.id)
    ).all()
    assert [part for _user, part in parts] == ["reporter"]


def test_on_the_pages_checked_imported_and_taken_back(client_as, work, portal):
    client = client_as("clerk1")
    page = checked(client, work, "matters", csv(SHEET))
    assert tiles(page) == ["2", "0", "0", "0"]
    assert not [one for one in NAMES if one in page.text]
    page = imported(client, work, page)
    number = page.one("a[href^='/imports/undo/']")["href"].rsplit("/", 1)[1]
    undo = client.get(f"/imports/undo/{number}")
    assert "作废" in undo.text and "工作单" in undo.text
    client.post(f"/imports/undo/{number}", undo.form(f"/imports/undo/{number}"))
    work()
    page = client.get(f"/imports/show/{number}")
    assert page.status == 200 and "这些工作单" not in page.text
    listed = client_as("station").get("/work-orders/list/?preset=open")
    assert "漏水三天" not in listed.text


def test_the_commands_import_and_take_back(portal, tmp_path):
    file = tmp_path / "orders.csv"
    file.write_text(SHEET, encoding="utf-8")
    run = portal.test_cli_runner().invoke
    result = run(args=["portal", "import", "matters", str(file)])
    assert (result.exit_code, "created 2" in result.output) == (0, True)
    number = result.output.rsplit("undo-import ", 1)[1].split()[0]
    result = run(args=["portal", "undo-import", number])
    assert result.exit_code == 0 and "2 void" in result.output


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("2026-03-16 08:05", "2026-03-16T08:05:00"),
        ("2026/3/16 8:05:09", "2026-03-16T08:05:09"),
        ("2026年3月16日8时5分", "2026-03-16T08:05:00"),
        ("2026.3.16", "2026-03-16T23:59:00"),
        ("２０２６－３－１６　８：０５", "2026-03-16T08:05:00"),
        (datetime.fromisoformat("2026-03-16T08:05"), "2026-03-16T08:05:00"),
        (datetime.fromisoformat("2026-03-16"), "2026-03-16T23:59:00"),
        (date(2026, 3, 16), "2026-03-16T23:59:00"),
        (46097.5, "2026-03-16T12:00:00"),
    ],
)
def test_instants_as_clerks_type_them(cell, found):
    local = clock.local(moment(LAST_MINUTE)(cell, lambda note: None))
    assert local.replace(tzinfo=None).isoformat() == found


@pytest.mark.one_engine
@pytest.mark.parametrize("cell", ["昨天", "2026-13-01", "2026-03-16 25:00", "1800-01-01"])
def test_instants_that_are_none(cell):
    with pytest.raises(Bad):
        moment()(cell, lambda note: None)


@pytest.mark.one_engine
def test_the_sentence_is_the_first_of_the_text():
    assert words_of("标题", "内容") == ("标题", "内容")
    assert words_of(None, "短") == ("短", None)
    assert words_of(None, "第一句。第二句") == ("第一句。第二句", None)
    long = "第一句。" + "很长" * 40
    assert words_of(None, long) == ("第一句", long)
    assert words_of("长" * 250, None) == ("长" * 200, "长" * 250)
