"""Imports in the browser: chosen, checked, put right, imported, read, taken back."""

import csv as csv_module
import io
import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor

import openpyxl
import pytest
from sqlalchemy import func, select

from jobs import tasks as jobs
from portal import queue, scope
from portal.extensions import db
from portal.models import AuditEntry, Grid, ImportBatch, ImportMapping, Message, Post, Task, Worker
from portal.rules import importing, tasks
from tests.support.uploads import (
    AREA_1,
    CELL_1,
    CELL_2,
    WORKERS,
    checked,
    csv,
    features,
    imported,
    tiles,
    upload,
    workbook,
)
from tests.support.walk import spoken


@pytest.fixture(autouse=True)
def _no_files(place):
    shutil.rmtree(place.var / "tasks", ignore_errors=True)


def count(portal, model, *conditions):
    """How many rows there are."""
    with portal.app_context():
        return db.session.scalar(select(func.count()).select_from(model).where(*conditions))


def batch_of(portal):
    """The newest batch."""
    with portal.app_context():
        return db.session.scalars(select(ImportBatch).order_by(ImportBatch.id.desc())).first()


def test_from_the_file_to_the_report(portal, client_as, work):
    client = client_as("clerk1", "en")
    page = checked(client, work, "workers", csv(WORKERS))
    assert tiles(page) == ["2", "0", "0", "0"]
    assert "秦岭" in page.text and "Nothing is written yet" in page.text
    assert count(portal, Worker, Worker.name == "秦岭") == 0
    assert page.one("form[action^='/imports/confirm']").get_text(strip=True) == "Import 2 rows"
    report = imported(client, work, page)
    batch = batch_of(portal)
    assert report.response.request.path == f"/imports/show/{batch.id}"
    assert (batch.actor, batch.file_name, batch.created) == ("clerk1", "名单.csv", 2)
    assert batch.grid_code == AREA_1
    assert count(portal, Worker, Worker.name.in_(("秦岭", "秦川"))) == 2
    entry = AuditEntry.actor == "clerk1", AuditEntry.table_name == "workers"
    assert count(portal, AuditEntry, *entry, AuditEntry.action == "insert") == 2


def test_rows_of_another_area_are_refused_with_a_reason(portal, client_as, work):
    client = client_as("clerk1", "en")
    page = checked(client, work, "workers", csv(f"{WORKERS}外人,社工,{CELL_2}\n"))
    assert tiles(page) == ["2", "0", "0", "1"]
    assert "Outside your grids" in page.text
    imported(client, work, page)
    assert count(portal, Worker, Worker.name == "外人") == 0


@pytest.mark.one_engine
def test_the_kinds_are_those_one_may_write(client_as):
    kinds = {
        name: [o["value"] for o in client_as(name).get("/imports/new").soup.select("#kind option")]
        for name in ("clerk1", "station")
    }
    homes = ["buildings", "dwellings", "households"]
    assert kinds["clerk1"] == [*homes, "residents", "workers", "matters"]
    assert set(kinds["station"]) >= {"grids", "workers", "posts", "duties", "boundaries"}
    assert client_as("clerk1").get("/imports/template/posts").status == 404
    assert upload(client_as("clerk1"), "posts", csv("a")).status == 400
    for name in ("area1", "auditor", "admin", "worker07"):
        assert client_as(name).get("/imports/new").status == 403


def test_a_clerk_whose_right_ended_imports_nothing(portal, client_as, work):
    """The import acts with the rights of the moment it runs, not of the click."""
    client = client_as("clerk1")
    page = checked(client, work, "workers", csv(WORKERS))
    number = page.path.rsplit("/", 1)[1]
    answer = client.post(f"/imports/confirm/{number}", page.form(f"/imports/confirm/{number}"))
    with portal.app_context(), scope.acting(scope.SYSTEM):
        owner = db.session.scalar(select(Task.user_id))
        worker = select(Worker.id).where(Worker.user_id == owner).scalar_subquery()
        for post in db.session.scalars(select(Post).where(Post.worker_id == worker)):
            db.session.delete(post)
        db.session.commit()
    work()
    assert count(portal, Worker, Worker.name == "秦岭") == 0
    with portal.app_context():
        task = db.session.get(Task, int(answer.location.rsplit("/", 1)[1]))
        assert task.state == "failed"


@pytest.mark.one_engine
def test_wrong_columns_are_put_right_without_a_second_upload(portal, client_as, work):
    client = client_as("clerk1", "en")
    text = f"登记表,,\nWer,Wo,Telefon\n秦岭,{CELL_1},13812345678\n秦川,{CELL_1},13812345679\n"
    page = checked(client, work, "workers", csv(text))
    assert "Columns are missing" in page.text and not page.soup.select("form[action*=confirm]")
    path = page.path
    values = {**page.form(path), "row": "2"}
    work_page = client.post(path, values)
    work()
    page = client.get(work_page.location)
    path = page.path
    assert [th.get_text() for th in page.soup.select(".assign tbody th")] == [
        "Wer",
        "Wo",
        "Telefon",
    ]
    assert "138****5678" in page.text
    wrong = client.post(path, {**page.form(path), "c0": "name", "c2": "name"})
    assert wrong.status == 400
    assert "Only one column can be" in wrong.one("#errors").get_text()
    assert "Say which column is" in wrong.one("#errors").get_text()
    assert wrong.one("select[name=c2] option[selected]")["value"] == "name"  # as it was chosen
    again = {**page.form(path), "c0": "name", "c1": "grid_code", "c2": "phone"}
    page = client.get(client.post(path, again).location)
    work()
    page = client.get(page.path)
    assert tiles(page) == ["2", "0", "0", "0"]
    imported(client, work, page)
    assert count(portal, Worker, Worker.name == "秦岭") == 1
    # The next file of this sort needs no help.
    page = checked(client, work, "workers", csv(text.replace("秦", "晋").replace("567", "568")))
    assert tiles(page)[0] == "2"
    with portal.app_context():
        assert db.session.scalar(select(ImportMapping.kind)) == "workers"


@pytest.mark.one_engine
def test_what_one_said_once_is_not_said_to_others(client_as, work):
    text = f"Wer,网格编码,姓名\n秦岭,{CELL_1},x\n"
    client = client_as("clerk1", "en")
    page = checked(client, work, "workers", csv(text))
    values = {**page.form(page.path), "c0": "name", "c2": ""}
    client.post(page.path, values)
    other = checked(client_as("station"), work, "workers", csv(text))
    assert other.one("select[name=c2] option[selected]")["value"] == "name"
    own = checked(client, work, "workers", csv(text))
    assert own.one("select[name=c0] option[selected]")["value"] == "name"
    assert not own.soup.select("select[name=c2] option[selected]")


@pytest.mark.one_engine
def test_refused_rows_come_back_as_a_file_that_imports(portal, client_as, work):
    client = client_as("clerk1")
    rows = [
        ["姓名", "电话", "来源", "网格编码", "备注"],
        ["秦岭", "13812345678", "社工", CELL_1, "好"],
        ["秦川", "12", "社工", CELL_1, "=1+1"],
        ["秦淮", "13812345670", "外星", CELL_1, "坏"],
    ]
    page = checked(client, work, "workers", workbook(rows))
    assert "13812345678" not in page.text
    report = imported(client, work, page)
    (link,) = report.links(".head a[href$='/result']")
    file = client.get(link)
    assert "refused.xlsx" in file.headers["Content-Disposition"]
    page = checked(client, work, "workers", (io.BytesIO(file.body), "再来.xlsx"))
    assert [th.get_text() for th in page.soup.select(".assign tbody th")][:5] == rows[0]
    assert "不是有效的电话" in page.text or "电话" in page.text
    assert tiles(page) == ["0", "0", "0", "2"]
    # Of others, the station sees the report but not the file: it holds the private numbers.
    batch = batch_of(portal)
    seen = client_as("station").get(f"/imports/show/{batch.id}")
    assert seen.status == 200 and not seen.links("a[href$='/result']")
    assert client_as("station").get(link).status == 404


@pytest.mark.one_engine
def test_a_csv_of_refused_rows_says_why_in_words(client_as, work):
    client = client_as("clerk1")
    page = checked(client, work, "workers", csv(f"{WORKERS}=cmd|x,外星,{CELL_1}\n"))
    report = imported(client, work, page)
    body = client.get(report.links(".head a[href$='/result']")[0]).body.decode("utf-8-sig")
    header, row = csv_module.reader(io.StringIO(body))
    assert header[-1] == "导入问题 problem"
    assert row[0] == "'=cmd|x"  # no spreadsheet runs it
    assert row[-1] == "不在可选范围内"


def test_posts_are_imported_by_the_station(portal, client_as, work):
    with portal.app_context():
        worker = db.session.scalars(select(Worker).where(Worker.grid_code == CELL_1)).first()
        name, number = worker.name, worker.number
    client = client_as("station", "en")
    text = f"姓名,工作证号,网格编码,岗位,任职日期\n{name},{number},{CELL_1},志愿者,2026-01-05\n"
    page = checked(client, work, "posts", csv(text))
    assert tiles(page) == ["1", "0", "0", "0"]
    before = count(portal, Post)
    imported(client, work, page)
    assert count(portal, Post) == before + 1


@pytest.mark.one_engine
def test_boundaries_with_names_of_their_own(portal, client_as, work):
    with portal.app_context():
        grid = db.session.scalar(select(Grid).where(Grid.code == CELL_1))
        ring = json.loads(grid.boundary)
    foreign = {"type": "Feature", "properties": {"GRIDCODE": CELL_1, "AREA": 3}, "geometry": ring}
    client = client_as("station", "en")
    page = checked(client, work, "boundaries", features(foreign))
    assert "The code is missing" in page.text
    page = client.get(client.post(page.path, {**page.form(page.path), "c0": "code"}).location)
    work()
    page = client.get(page.path)
    assert tiles(page) == ["0", "0", "1", "0"]
    assert "nothing to import" in page.text


def test_twice_clicked_is_once_uploaded_and_once_imported(portal, client_as, work):
    client = client_as("clerk1")
    form = client.get("/imports/new").form()
    answers = [
        client.post("/imports/new", {**form, "kind": "workers", "file": csv(WORKERS)})
        for _time in range(2)
    ]
    assert answers[0].location == answers[1].location
    assert count(portal, Task) == 1
    work()
    path = answers[0].location
    number = path.rsplit("/", 1)[1]
    form = client.get(path).form(f"/imports/confirm/{number}")
    clients = [client_as("clerk1") for _time in range(3)]
    cookie = client.raw.get_cookie("session").value  # one browser, three clicks
    for one in clients:
        one.raw.set_cookie("session", cookie)
    with ThreadPoolExecutor(3) as pool:
        confirm = lambda one: one.post(f"/imports/confirm/{number}", form)  # noqa: E731 - short
        found = {answer.location for answer in pool.map(confirm, clients)}
    assert len(found) == 1 and None not in found
    work()
    assert count(portal, ImportBatch) == 1
    again = client.post(f"/imports/confirm/{number}", form)  # with the back button, later
    assert again.location == found.pop()
    page = client.get(path)
    assert page.links(".note a") == [again.location] and not page.soup.select(".assign")


@pytest.mark.one_engine
def test_the_file_lies_for_its_owner_and_goes_with_the_import(portal, client_as, work, place):
    client = client_as("clerk1")
    page = checked(client, work, "workers", csv(WORKERS))
    (file,) = place.var.glob("tasks/*/upload.csv.sealed")
    assert file.stat().st_mode & 0o077 == 0 and file.parent.stat().st_mode & 0o077 == 0
    imported(client, work, page)
    assert not file.exists()
    with portal.app_context():
        kept = select(Task.report).where(Task.kind == importing.CHECK)
        assert db.session.scalars(kept).all() == [None]


@pytest.mark.one_engine
def test_what_nobody_imports_goes_after_a_day(portal, client_as, work, place):
    client = client_as("clerk1")
    page = checked(client, work, "workers", csv(WORKERS))
    with portal.app_context(), scope.acting(scope.SYSTEM):
        assert importing.forget_uploads(db.session) == 0
        for task in db.session.scalars(select(Task)):
            task.created_at -= importing.KEPT * 1.1
        db.session.commit()
        assert importing.forget_uploads(db.session) == 1
    assert not list(place.var.glob("tasks/*/upload.csv.sealed"))
    gone = client.get(page.path)
    assert "只保存一天" in gone.text and not gone.soup.select("form[action*=confirm]")
    number = page.path.rsplit("/", 1)[1]
    answer = client.post(f"/imports/confirm/{number}", page.form(f"/imports/confirm/{number}"))
    assert answer.location == page.path


@pytest.mark.one_engine
def test_the_message_leads_back_to_the_check_and_to_the_report(portal, client_as, work):
    client = client_as("clerk1")
    page = checked(client, work, "workers", csv(WORKERS))
    (button,) = client.get("/inbox/").soup.select(".letters button")
    opened = client.submit(button["formaction"], page="/inbox/")
    assert client.get(opened.location).location == page.path
    imported(client, work, page)
    button = client.get("/inbox/").soup.select(".letters button")[0]
    opened = client.submit(button["formaction"], page="/inbox/")
    assert client.get(opened.location).location == f"/imports/show/{batch_of(portal).id}"
    assert count(portal, Message, Message.read_at.is_(None)) == 0


@pytest.mark.one_engine
def test_checks_of_others_are_not_there(client_as, work):
    page = checked(client_as("clerk1"), work, "workers", csv(WORKERS))
    number = page.path.rsplit("/", 1)[1]
    for name in ("clerk2", "station"):
        client = client_as(name)
        token = client.get("/logout/").form()
        assert client.get(page.path).status == 404
        assert client.post(page.path, token).status == 404
        assert client.post(f"/imports/confirm/{number}", token).status == 404


def test_a_clerk_sees_their_own_imports_the_station_those_of_all(portal, client_as, work):
    client = client_as("clerk1")
    imported(client, work, checked(client, work, "workers", csv(WORKERS)))
    path = f"/imports/show/{batch_of(portal).id}"
    assert {
        n: client_as(n).get(path).status for n in ("clerk1", "clerk2", "station", "auditor")
    } == {
        "clerk1": 200,
        "clerk2": 404,
        "station": 200,
        "auditor": 200,
    }
    assert "名单.csv" not in client_as("clerk2").get("/imports/list/").text
    assert client_as("clerk2").get(f"/api/v1/imports/{path.rsplit('/', 1)[1]}").status == 404


def test_taking_back_shows_what_goes_and_does_it_once(portal, client_as, work):
    client = client_as("clerk1", "en")
    report = imported(client, work, checked(client, work, "workers", csv(WORKERS)))
    (link,) = report.links(".head a[href*='/undo/']")
    plan = client.get(link)
    assert "Worker: 2 new ones go" in plan.text and "秦岭" in plan.text
    first, second = (client.post(link, plan.form()) for _time in range(2))
    assert first.location == second.location
    work()
    page = client.get(first.location, follow_redirects=True)
    assert page.response.request.path == f"/imports/show/{batch_of(portal).id}"
    assert count(portal, Worker, Worker.name.in_(("秦岭", "秦川"))) == 0
    assert not page.links(".head a[href*='/undo/']")
    assert client.post(link, plan.form()).location.startswith("/imports/show/")


def test_what_was_changed_since_is_named_and_nothing_changes(portal, client_as, work):
    client = client_as("clerk1", "en")
    report = imported(client, work, checked(client, work, "workers", csv(WORKERS)))
    (link,) = report.links(".head a[href*='/undo/']")
    form = client.get(link).form()
    with portal.app_context(), scope.acting(scope.SYSTEM):
        db.session.scalar(select(Worker).where(Worker.name == "秦岭")).origin = "police"
        db.session.commit()
    answer = client.post(link, form)  # it was still possible when the page was opened
    work()
    page = client.get(answer.location, follow_redirects=True)
    assert page.response.request.path == link
    assert "秦岭: Changed since the import" in page.text and not page.soup.select("main form")
    assert count(portal, Worker, Worker.name == "秦川") == 1


def test_undo_by_a_stranger_is_not_there(portal, client_as, work):
    client = client_as("clerk1")
    imported(client, work, checked(client, work, "workers", csv(WORKERS)))
    path = f"/imports/undo/{batch_of(portal).id}"
    expected = {"clerk2": 404, "area1": 403, "auditor": 403}
    for name, status in expected.items():
        stranger = client_as(name)
        assert stranger.get(path).status == status
        assert stranger.post(path, stranger.get("/logout/").form()).status == status
    assert count(portal, Worker, Worker.name == "秦岭") == 1
    station = client_as("station")
    station.submit(path)
    work()
    assert count(portal, Worker, Worker.name == "秦岭") == 0


def test_a_crash_after_the_commit_imports_nothing_twice(portal, client_as, work):
    client = client_as("clerk1")
    page = checked(client, work, "workers", csv(WORKERS))
    imported(client, work, page)
    with portal.app_context(), scope.acting(scope.SYSTEM):
        task = db.session.scalars(select(Task).where(Task.kind == importing.RUN)).one()
        task.state = "running"  # killed between its commit and its end
        db.session.commit()
        assert jobs.run(task.id) == "done"
        assert (task.done, task.failed) == (2, 0) or task.report is not None
    assert count(portal, ImportBatch) == 1


def test_many_rows_show_how_far_it_is_and_can_be_cancelled(portal, client_as, work):
    rows = "".join(f"人{number},社工,{CELL_1}\n" for number in range(1500))
    client = client_as("clerk1", "en")
    answer = upload(client, "workers", csv(f"姓名,来源,网格编码\n{rows}"))
    number = int(answer.location.rsplit("/", 1)[1])
    page = client.get(answer.location)
    assert page.one("noscript meta[http-equiv=refresh]")
    part = client.get(f"{answer.location}?part=1", check=False)
    assert "<html" not in part.text and "HX-Refresh" not in part.headers
    with portal.app_context(), scope.acting(scope.SYSTEM):
        tasks.cancel(db.session, db.session.get(Task, number))
        db.session.commit()
    work()
    assert "The check was cancelled" in client.get(answer.location).text
    page = checked(client, work, "workers", csv(f"姓名,来源,网格编码\n{rows}"))
    assert tiles(page) == ["1,500", "0", "0", "0"]
    with portal.app_context():
        task = db.session.scalars(select(Task).order_by(Task.id.desc())).first()
        assert (task.total, task.done, task.state) == (1500, 1500, "done")


@pytest.mark.one_engine
def test_small_files_do_not_wait_behind_long_work(client_as, valkey):
    upload(client_as("clerk1"), "workers", csv(WORKERS))
    assert (queue.queue(valkey).count, queue.queue(valkey, queue.LONG).count) == (1, 0)


@pytest.mark.one_engine
def test_the_empty_files_can_be_filled_and_imported(client_as, work):
    for language, header in (("en", "grid_code*"), ("zh_Hans_CN", "网格编码*")):
        client = client_as("clerk1", language)
        file = client.get("/imports/template/workers")
        book = openpyxl.load_workbook(io.BytesIO(file.body))
        names = [cell.value for cell in book.active[1]]
        assert header in names
        row = {names[0]: "秦岭", header: CELL_1}
        book.active.append([row.get(name) for name in names])
        target = io.BytesIO()
        book.save(target)
        target.seek(0)
        assert tiles(checked(client, work, "workers", (target, "x.xlsx"))) == ["1", "0", "0", "0"]
    assert client_as("station").get("/imports/template/boundaries").json["features"]


@pytest.mark.one_engine
@pytest.mark.parametrize("kind", ["divisions", "grids", "workers", "posts", "duties"])
def test_every_kind_has_an_empty_file(client_as, kind):
    assert client_as("station").get(f"/imports/template/{kind}").body[:2] == b"PK"


NO_WORDS = {"xlsx", "csv", "geojson", "MB", "clerk"}


def flow(client, work, files):
    """Every kind of page of imports, with the words a person reads in its main part."""
    yield client.get("/imports/new")
    yield upload(client, "workers", csv("", "x.csv"))
    yield client.get(upload(client, "workers", csv(*files[0])).location)  # still waiting
    work()
    for file in files:
        page = checked(client, work, "workers", csv(*file))
        yield page
        if page.soup.select("form[action*=confirm]"):
            report = imported(client, work, page)
            yield report
            (link,) = report.links(".head a[href*='/undo/']")
            yield client.get(link)
            yield client.get(page.path)  # imported already
    yield client.post(page.path, page.form(page.path) | {"c0": "name", "c1": "name"})
    yield client.get("/inbox/")
    yield client.get("/tasks/")
    yield client.get("/imports/list/")


def read_in_main(page):
    """What is read in the main part of a page."""
    return [text for text, tag in spoken(page) if tag.find_parent("main")]


@pytest.mark.one_engine
def test_no_english_word_stands_on_the_chinese_pages(client_as, work):
    bad = f"{WORKERS}甲,外星,{CELL_1}\n乙,社工,{CELL_2}\n丙,社工,1\n合计,,\n"
    odd = f"姓名,电话,公开电话,公示,备注,网格编码\n丁,１３８ 1234 5678,12345,是,好,{CELL_1}\n"
    files = [(bad,), (odd,), ("啊,哦\n一,二\n",)]
    seen = 0
    for page in flow(client_as("clerk1"), work, files):
        for text in read_in_main(page):
            words = set(re.findall(r"[A-Za-z]{2,}", text)) - NO_WORDS
            assert not words, f"{page.path}: {text}"
            seen += 1
    assert seen > 300


@pytest.mark.one_engine
def test_a_file_of_residents_is_told_in_chinese_from_the_check_to_the_report(client_as, work):
    """New homes by their names, refused values as a form words them, no number in clear."""
    people = (
        "网格编码,楼栋,房号,户号,与户主关系,姓名,性别,证件号码,政治面貌\n"
        f"{CELL_1},3栋,101,9,户主,秦岭,,11010519491231002X,群众\n"
        f"{CELL_1},3栋,102,9,户主,秦川,男,11010519491231002X,群众\n"
    )
    client = client_as("clerk1")
    page = checked(client, work, "residents", csv(people))
    assert tiles(page) == ["1", "0", "0", "1"]
    for shown in (page, imported(client, work, page)):
        texts = read_in_main(shown)
        for text in texts:
            assert not set(re.findall(r"[A-Za-z]{2,}", text)) - NO_WORDS, text
        assert {"楼栋：随行一并建立", "房屋：随行一并建立", "户：随行一并建立"} <= set(texts)
        assert "男" in texts
        assert "政治面貌" in " ".join(texts) and "群众" not in " ".join(texts)
        assert "11010519491231002X" not in shown.text


@pytest.mark.one_engine
def test_no_chinese_word_stands_on_the_english_pages(client_as, work):
    bad = f"name,origin,grid_code\nTom,police,{CELL_1}\nTim,x,{CELL_1}\nTod,police,{CELL_2}\n"
    odd = f"name,phone,public,remark,grid_code\nTam,138 1234 5678,yes,good,{CELL_1}\n"
    files = [(bad, "a.csv"), (odd, "b.csv"), ("u,v\nw,x\n", "c.csv")]
    for page in flow(client_as("clerk1", "en"), work, files):
        for text in read_in_main(page):
            assert not re.search(r"[\u4e00-\u9fff]", text), f"{page.path}: {text}"
