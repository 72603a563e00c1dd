"""Grids, workers, posts and duties from files."""

import pytest
from sqlalchemy import func, select, text

from portal import clock
from portal.models import Duty, Grid, ImportChange, Post, Worker
from portal.rules.imports import KINDS, Options, run_import, write_rejects

COMMUNITY = "420102002990"
AREA = "42010200299001"
CELL = "4201020029900101001"
OTHER_CELL = "4201020029900101002"
NEW_BLOCK = "4201020029900109"


@pytest.fixture
def load(session, tmp_path):
    """``load(kind, text, **options)``: import a CSV text and commit; the report."""

    def run(kind, content, mapping=None, **options):
        file = tmp_path / f"{kind}.csv"
        file.write_text(content, encoding="utf-8")
        report = run_import(session, KINDS[kind], file, Options(**options), mapping)
        session.commit()
        return report

    return run


# Grids


def test_grids_in_any_order_with_their_words(session, load):
    report = load(
        "grids",
        "编码,名称,级别,类型,上级编码,户数,东至\n"
        f"{NEW_BLOCK}001,一号格,小格,封闭小区,{NEW_BLOCK},２２０户,滨江路\n"
        f"{NEW_BLOCK},九号中格,,,,,\n",
    )
    assert (report.created, report.failed) == (2, 0)
    assert report.mended == {"full_width": 1, "number_format": 1}
    cell = session.scalar(select(Grid).where(Grid.code == f"{NEW_BLOCK}001"))
    assert (cell.level, cell.kind, cell.households_declared) == ("cell", "gated", 220)
    assert (cell.parent_code, cell.bound_east) == (NEW_BLOCK, "滨江路")
    assert " yihaoge " in cell.search_terms


def test_grids_that_do_not_fit(load):
    report = load(
        "grids",
        "code,name,level,kind,parent_code,households_declared\n"
        f"{NEW_BLOCK}001,甲,cell,,,\n"  # its block is refused below
        f"{NEW_BLOCK},乙,area,,,\n"
        "4201020029900108,丙,,,42010200299002,\n"
        "4201020029900107,丁,,gated,,\n"
        "4201020029990101,戊,,,,\n"
        "4201020029900106,己,,,,-4\n"
        "420102002990010,庚,,,,\n"
        f"{AREA},,,,,\n",
    )
    assert (report.rows, report.failed) == (8, 8)
    assert report.by_reason == {
        "unknown_parent": 2,
        "level_mismatch": 1,
        "parent_mismatch": 1,
        "kind_not_allowed": 1,
        "bad_number": 1,
        "bad_code": 1,
        "name_missing": 1,
    }
    assert {error["row"] for error in report.errors} == set(range(2, 10))


def test_empty_cells_change_nothing(session, load):
    before = session.execute(
        select(Grid.households_declared, Grid.bound_east).where(Grid.code == CELL)
    ).one()
    report = load("grids", f"code,name,households_declared,bound_east\n{CELL},新名,,\n")
    assert report.updated == 1
    grid = session.scalar(select(Grid).where(Grid.code == CELL))
    assert (grid.households_declared, grid.bound_east) == before
    assert (grid.name, grid.version) == ("新名", 2)


def test_all_or_nothing_keeps_nothing(session, load):
    content = f"code,name\n{NEW_BLOCK},好\n{NEW_BLOCK}001,\n"
    report = load("grids", content, all_or_nothing=True)
    assert (report.batch, report.imported, report.failed, report.held_back) == (None, 0, 1, 1)
    assert session.scalar(select(func.count()).where(Grid.code == NEW_BLOCK)) == 0
    assert load("grids", content).created == 1


def test_rejected_rows_come_back_as_a_file_and_go_in_when_put_right(session, load, tmp_path):
    report = load("grids", f"备注,编码,名称\n=甲,{NEW_BLOCK},\n乙,{NEW_BLOCK}x,丙\n")
    rejects = tmp_path / "rejects.csv"
    write_rejects(report, rejects)
    content = rejects.read_text(encoding="utf-8-sig")
    assert content.splitlines() == [
        "备注,编码,名称,导入问题 problem",
        f"'=甲,{NEW_BLOCK},,name_missing",
        f"乙,{NEW_BLOCK}x,丙,bad_code",
    ]
    assert rejects.stat().st_mode & 0o077 == 0
    fixed = content.replace(f"{NEW_BLOCK},,", f"{NEW_BLOCK},九格,").replace("x,", "001,")
    again = load("grids", fixed)
    assert (again.created, again.failed) == (2, 0)
    assert again.extra_columns == ["备注"]


# Workers


def test_a_worker_with_a_post(session, load):
    report = load(
        "workers",
        "姓名,电话,公开电话,来源,网格编码,岗位,公示\n"
        f"欧阳 明,138 0000 0001,027 8234 5678,物业,{CELL},志愿者,是\n"
        f"欧阳明,13800000001,,,{AREA},巡防队员,\n",
    )
    assert (report.created, report.failed, report.also_created) == (2, 0, {"posts": 2})
    assert report.mended == {"blank": 1, "phone_format": 2}
    worker = session.scalar(select(Worker).where(Worker.name == "欧阳明"))
    assert (worker.phone, worker.public_phone) == ("13800000001", "027-82345678")
    assert (worker.origin, worker.grid_code) == ("property_staff", CELL)
    assert worker.public_consent_on == clock.today()
    assert {(post.grid_code, post.role, post.public) for post in worker.posts} == {
        (CELL, "volunteer", True),
        (AREA, "patrol", False),
    }


def test_private_phones_are_never_stored_in_clear(session, load):
    report = load("workers", f"name,phone,grid_code\n秦岭,13900000001,{CELL}\n")
    load("workers", f"name,phone,grid_code\n秦岭,13900000001x,{CELL}\n")
    worker = session.scalar(select(Worker).where(Worker.name == "秦岭"))
    worker.phone = "13900000002"
    session.commit()
    for table in ("workers", "audit_entries", "import_changes", "import_batches"):
        rows = session.execute(text(f"SELECT * FROM {table}")).all()
        assert "1390000000" not in str(rows), table
    assert report.created == 1


def test_an_earlier_phone_is_remembered_encrypted(session, load):
    load("workers", f"name,phone,grid_code\n秦岭,,{CELL}\n")
    report = load("workers", f"name,phone,grid_code\n秦岭,13900000001,{CELL}\n")
    assert report.updated == 1
    assert load("workers", f"name,phone,grid_code\n秦岭,13900000001,{OTHER_CELL}\n").updated == 1
    changes = session.scalars(select(ImportChange).order_by(ImportChange.id)).all()
    assert [change.before is None for change in changes] == [True, False, False]
    assert session.scalar(select(Worker.grid_code).where(Worker.name == "秦岭")) == OTHER_CELL


def test_what_could_be_another_person_is_rejected_not_merged(session, load):
    load("workers", f"name,phone,grid_code\n秦岭,13900000001,{CELL}\n")
    count = session.scalar(select(func.count()).select_from(Worker))
    report = load(
        "workers",
        "name,phone,grid_code\n"
        f"秦川,13900000001,{CELL}\n"  # somebody else's number
        f"秦岭,13900000009,{CELL}\n"  # the same name, another number
        f"秦岭,13900000001,{CELL}\n"  # the same person
        f"秦岭,,{CELL}\n"  # the same person
        f"秦湖,13900000003,{CELL}\n"
        f"秦湖,13900000004,{CELL}\n"  # the same name, another number, both new
        f"秦河,13900000003,{OTHER_CELL}\n",  # the number of another new one
    )
    assert report.by_reason == {"phone_in_use": 2, "phone_differs": 2}
    assert (report.created, report.unchanged) == (1, 2)
    assert session.scalar(select(func.count()).select_from(Worker)) == count + 1
    told = [error.get("value") for error in report.errors]
    assert told == ["139****0001", "139****0009", "139****0004", "139****0003"]


def test_workers_that_do_not_fit(load):
    report = load(
        "workers",
        "name,phone,origin,grid_code,role,public\n"
        f",13900000001,,{CELL},,\n"
        f"甲乙,1390000,,{CELL},,\n"
        f"甲乙,,martian,{CELL},,\n"
        "甲乙,,,4201020029900999999,,\n"
        f"甲乙,,,{CELL},king,\n"
        f"甲乙,,,{CELL},片格组长,\n"
        f"甲乙,,,{CELL},,maybe\n",
    )
    assert report.by_reason == {
        "name_missing": 1,
        "bad_phone": 1,
        "bad_choice": 2,
        "unknown_grid": 1,
        "unknown_role": 1,
        "wrong_level": 1,
    }
    assert report.errors[1]["value"] == "••••"


def test_consent_withdrawn_takes_portrait_and_number_too(session, load):
    worker = session.scalars(
        select(Worker)
        .where(Worker.portrait.is_not(None), Worker.public_phone.is_not(None))
        .order_by(Worker.id)
    ).first()
    name, grid_code, phone = worker.name, worker.grid_code, worker.phone
    report = load("workers", f"name,phone,grid_code,public\n{name},{phone},{grid_code},否\n")
    assert report.updated == 1
    session.refresh(worker)
    assert (worker.public_consent_on, worker.portrait, worker.public_phone) == (None, None, None)


def test_a_public_number_needs_consent_and_is_not_the_private_one(session, load):
    report = load(
        "workers",
        "name,phone,public_phone,grid_code,public\n"
        f"秦岭,13900000001,027-82345678,{CELL},\n"
        f"秦川,13900000002,13900000002,{CELL},是\n"
        f"秦湖,13900000003,027-82345678,{CELL},是\n",
    )
    assert (report.created, report.failed) == (3, 0)
    assert report.mended == {"no_consent": 1, "private_phone": 1, "origin_missing": 3}
    shown = session.execute(select(Worker.name, Worker.public_phone).order_by(Worker.id.desc()))
    assert shown.all()[:3] == [("秦湖", "027-82345678"), ("秦川", None), ("秦岭", None)]


# Posts


def test_posts_by_name_and_by_number(session, load):
    load("workers", f"name,grid_code\n秦岭,{CELL}\n秦岭,{OTHER_CELL}\n")
    rows = f"秦岭,,{CELL},{OTHER_CELL},志愿者,,2026.1.1,2026-12-31,否\n"
    head = "姓名,工作证号,所属网格,网格编码,岗位,产生方式,任职日期,离任日期,公示\n"
    report = load("posts", head + rows)
    assert (report.created, report.mended) == (1, {"date_format": 1})
    post = session.scalars(select(Post).order_by(Post.id.desc())).first()
    assert (post.grid_code, post.role, post.basis) == (OTHER_CELL, "volunteer", "volunteer")
    assert str(post.until) == "2026-12-31"
    assert load("posts", head + rows).unchanged == 1

    number, name = session.execute(
        select(Worker.number, Worker.name).where(Worker.number.is_not(None)).order_by(Worker.id)
    ).first()
    by_number = f"{name},{number},,{COMMUNITY},成员,任命,2020-01-01,2020-12-31,\n"
    assert load("posts", head + by_number).created == 1


def test_posts_that_do_not_fit(load):
    load("workers", f"name,grid_code\n秦岭,{CELL}\n秦川,{CELL}\n秦川,{OTHER_CELL}\n")
    head = "name,grid_code,role,since,until\n"
    load("posts", head + f"秦岭,{CELL},volunteer,2026-01-01,2026-06-30\n")
    report = load(
        "posts",
        head + f"秦岭,{CELL},volunteer,2026-06-30,\n"
        f"秦岭,{CELL},volunteer,2026-07-01,2026-06-01\n"
        f"秦岭,{CELL},volunteer,2026-08-01,2026-08-31\n"
        f"秦岭,{CELL},volunteer,2026-08-31,2026-09-30\n"
        f"秦川,{AREA},patrol,2026-01-01,\n"
        f"秦皇,{CELL},volunteer,2026-01-01,\n"
        f"秦岭,{AREA},volunteer,2026-01-01,\n",
    )
    assert report.by_reason == {
        "post_overlaps": 2,
        "date_order": 1,
        "ambiguous_worker": 1,
        "unknown_worker": 1,
        "wrong_level": 1,
    }
    assert report.created == 1


def test_a_post_is_ended_by_its_row(session, load):
    load("workers", f"name,grid_code,role\n秦岭,{CELL},志愿者\n")
    until = clock.today().isoformat()
    report = load("posts", f"name,grid_code,role,until\n秦岭,{CELL},志愿者,{until}\n")
    assert report.updated == 1
    assert session.scalars(select(Post).order_by(Post.id.desc())).first().until == clock.today()


def test_a_post_for_one_is_given_once(session, load):
    holder = session.scalars(
        select(Post).where(Post.role == "grid_leader", Post.grid_code == CELL)
    ).one()
    name = session.scalar(select(Worker.name).where(Worker.id == holder.worker_id))
    since = holder.since.isoformat()
    load("workers", f"name,grid_code\n秦岭,{CELL}\n秦川,{CELL}\n")
    assert load("workers", f"name,grid_code,role\n秦岭,{CELL},网格长\n").by_reason == {
        "post_taken": 1
    }
    head = "name,grid_code,role,since,until\n"
    taken = load("posts", head + f"秦岭,{CELL},网格长,2026-11-01,\n")
    assert taken.by_reason == {"post_taken": 1}
    report = load(
        "posts",
        head + f"秦岭,{CELL},网格长,2026-11-01,\n"
        f"秦川,{CELL},网格长,2026-11-02,\n"
        f"{name},{CELL},网格长,{since},2026-10-31\n",
    )
    assert (report.created, report.updated, report.by_reason) == (1, 1, {"post_taken": 1})


# Duties


def test_duties(session, load):
    report = load(
        "duties",
        "组别,编码,名称,岗位,频次\n"
        "1,D199,看望,网格员,每月\n"
        "1,D198,看望,grid_worker；volunteer,每月\n"
        "6,D197,看望,grid_worker,每月\n"
        "1,D101,入户走访与信息登记,grid_worker,monthly\n"
        "1,D196,看望,grid_worker,sometimes\n",
    )
    assert report.by_reason == {"unknown_role": 1, "bad_number": 1, "bad_choice": 1}
    assert (report.created, report.updated) == (1, 1)
    duty = session.scalar(select(Duty).where(Duty.code == "D198"))
    assert (duty.group_no, duty.role, duty.frequency) == (1, "grid_worker;volunteer", "monthly")
    assert session.scalar(select(Duty.detail).where(Duty.code == "D101"))
