"""Workers and, where the row names one, the post they hold in its grid.

A worker is known by the private telephone and name, else by name and grid. What could be another
person of the same name is rejected rather than merged.
"""

from dataclasses import dataclass, field
from typing import Any

from portal import clock
from portal.models import Grid, Post, Worker
from portal.models.team import PHONE_PLACE
from portal.models.types import blind_index
from portal.rules.imports.cells import choice, code, flag, person_name, phone, text
from portal.rules.imports.drafts import Draft, Found
from portal.rules.imports.kind import Column, Kind, Line
from portal.rules.imports.kinds.grids import CODE
from portal.rules.imports.kinds.people import POST, Places, Role, in_force, role_of, roles_by_word
from portal.rules.imports.work import Work

ORIGIN_WORDS = {
    "community_worker": ("社区工作者", "社工", "社区干部"),
    "police": ("民警", "社区民警"),
    "property_staff": ("物业", "物业人员", "物业工作人员"),
    "owners_committee": ("业委会", "业主委员会", "业委会成员"),
    "retired_party_member": ("退休党员", "离退休党员", "老党员"),
    "building_liaison": ("楼栋长", "楼道长", "楼栋联络员"),
    "security_assistant": ("治安协管员", "协管员"),
    "caring_helper": ("爱心人士", "热心居民", "热心人士"),
    "mediator": ("调解员", "人民调解员"),
    "college_club": ("高校社团", "大学社团", "大学生社团"),
    "volunteer": ("志愿者", "义工"),
    "other": ("其他",),
}
COLUMNS = (
    Column("name", "姓名", person_name(60), "name_missing"),
    Column("phone", "电话", phone(), aliases=("联系电话", "手机", "手机号"), sensitive=True),
    Column("public_phone", "公开电话", phone(public=True), aliases=("公示电话",)),
    Column("origin", "来源", choice(ORIGIN_WORDS)),
    Column("grid_code", "网格编码", code(CODE), "grid_missing", ("所属网格",)),
    Column("role", "岗位", text(60), aliases=("职务",)),
    Column("public", "公示", flag, aliases=("是否公示", "同意公示")),
)
READ = (
    "name",
    "phone",
    "phone_index",
    "public_phone",
    "public_consent_on",
    "origin",
    "portrait",
    "user_id",
)


@dataclass
class Round:
    """What one run knows: workers in the database and those the file has brought so far."""

    work: Work
    roles: dict[str, Role]
    grids: set[str]
    by_phone: dict[str, list[Found]]
    by_name: dict[str, list[Found]]
    posts: dict[int, list[Found]]
    places: Places
    new: dict[tuple[str, str], Draft] = field(default_factory=dict)
    new_phones: dict[str, Draft] = field(default_factory=dict)
    new_posts: dict[tuple[int, str, str], Draft] = field(default_factory=dict)


def plan(work: Work, lines: list[Line]) -> None:
    """Put every worker whose grid is there, and the posts."""
    phones = {line["phone"] for line in lines}
    by_phone = work.find_sealed(Worker, "phone_index", phones, READ, everywhere=False)
    by_name = work.find(Worker, "name", {line["name"] for line in lines}, READ)
    ids = {row.id for rows in (*by_phone.values(), *by_name.values()) for row in rows}
    codes = {line["grid_code"] for line in lines}
    run = Round(
        work,
        roles_by_word(work.session),
        set(work.find(Grid, "code", codes, everywhere=True)),
        by_phone,
        by_name,
        work.find(Post, "worker_id", ids, POST, everywhere=True),
        Places(work, codes),
    )
    for line in lines:
        if work.may_write(line, Worker, line["grid_code"]):
            _take(run, line)


def _take(run: Round, line: Line) -> None:
    if line["grid_code"] not in run.grids:
        run.work.fail(line, "unknown_grid", "grid_code")
        return
    role = None
    if line["role"]:
        role = role_of(run.work, line, run.roles, line["grid_code"])
    if line.failed:
        return
    worker = _put_worker(run, line, role)
    if worker is not None and role is not None:
        _put_post(run, line, worker, role)


def _put_worker(run: Round, line: Line, role: Role | None) -> Draft | None:
    index = blind_index(PHONE_PLACE, line["phone"])
    found = _known(run, line, index)
    if line.failed:
        return None
    values = _values(line, index, found)
    if found is not None:
        if role is None:
            values["grid_code"] = line["grid_code"]
        return run.work.put(line, Worker, values, line["name"], found=found)
    key = (line["name"], line["grid_code"])
    earlier = run.new.get(key)
    if earlier is not None:
        if index and earlier.values["phone_index"] not in (None, index):
            run.work.fail(line, "phone_differs", "phone")
            return None
        return run.work.join(line, earlier, {k: v for k, v in values.items() if v is not None})
    if index and index in run.new_phones:
        return _join_by_phone(run, line, run.new_phones[index])
    return _put_new(run, line, index, values)


def _put_new(run: Round, line: Line, index: str | None, values: dict[str, Any]) -> Draft | None:
    if line["origin"] is None:
        line.notes.append("origin_missing")
    values |= {
        "origin": line["origin"] or "other",
        "grid_code": line["grid_code"],
        "phone": line["phone"],
        "phone_index": index,
    }
    draft = run.work.put(line, Worker, values, line["name"])
    if draft is not None:
        run.new[line["name"], line["grid_code"]] = draft
        if index:
            run.new_phones[index] = draft
    return draft


def _join_by_phone(run: Round, line: Line, draft: Draft) -> Draft | None:
    """The same new person in another grid of the file, or somebody else's number."""
    if draft.values["name"] != line["name"]:
        run.work.fail(line, "phone_in_use", "phone")
        return None
    return run.work.join(line, draft, {})


def _known(run: Round, line: Line, index: str | None) -> Found | None:
    """The worker in the database a line means; None for a new one or a rejected line."""
    if index and (same := run.by_phone.get(index)):
        fits = [row for row in same if row.raw["name"] == line["name"]]
        if not fits:
            run.work.fail(line, "phone_in_use", "phone")
            return None
        here = [row for row in fits if row.raw["grid_code"] == line["grid_code"]]
        return _only(run, line, fits if len(fits) == 1 else here or fits)
    here = [
        row
        for row in run.by_name.get(line["name"], [])
        if row.raw["grid_code"] == line["grid_code"]
    ]
    if index:
        open_ones = [row for row in here if row.raw["phone_index"] is None]
        if here and not open_ones:
            run.work.fail(line, "phone_differs", "phone")
        here = open_ones
    return _only(run, line, here)


def _only(run: Round, line: Line, rows: list[Found]) -> Found | None:
    if len(rows) > 1:
        run.work.fail(line, "ambiguous_worker", "name")
    return rows[0] if len(rows) == 1 else None


def _values(line: Line, index: str | None, found: Found | None) -> dict[str, Any]:
    """Columns the line speaks of; consent is dated on the day it first appears."""
    values: dict[str, Any] = {"name": line["name"]}
    if line["origin"] is not None:
        values["origin"] = line["origin"]
    if index:
        values |= {"phone": line["phone"], "phone_index": index}
    consent = found.raw["public_consent_on"] if found is not None else None
    if line["public"] is False:
        # Nothing for the public is kept once consent is gone.
        values |= {"public_consent_on": None, "portrait": None, "public_phone": None}
    elif line["public"] and consent is None:
        values["public_consent_on"] = consent = clock.today()
    if line["public_phone"] is not None:
        private = line["phone"] or (found.value("phone") if found is not None else None)
        if line["public"] is False or consent is None:
            line.notes.append("no_consent")
        elif line["public_phone"] == private:
            line.notes.append("private_phone")
        else:
            values["public_phone"] = line["public_phone"]
    return values


def _put_post(run: Round, line: Line, worker: Draft, role: Role) -> None:
    grid_code = line["grid_code"]
    label = f"{line['name']} {role.code} {grid_code}"
    if worker.found is not None:
        for post in run.posts.get(worker.found.id, []):
            same = (post.raw["grid_code"], post.raw["role"]) == (grid_code, role.code)
            if same and in_force(post, clock.today()):
                run.work.put(line, Post, {}, label, found=post, side=True)
                return
    key = (id(worker), grid_code, role.code)
    if key in run.new_posts:
        run.work.fail(line, "duplicate_row")
        return
    if not run.work.may_write(line, Post, grid_code):
        return
    if not run.places.give(line, role, worker.found, (clock.today(), None)):
        return
    values: dict[str, Any] = {
        "grid_code": grid_code,
        "role": role.code,
        "basis": role.usual_basis,
        "since": clock.today(),
        "public": line["public"] or False,
    }
    links = {} if worker.found is not None else {"worker_id": worker}
    if worker.found is not None:
        values["worker_id"] = worker.found.id
    draft = run.work.put(line, Post, values, label, links=links, side=True)
    if draft is not None:
        run.new_posts[key] = draft


WORKERS = Kind("workers", COLUMNS, Worker, (Worker, Post), plan)
