"""Posts with their dates, for workers who are there already."""

from dataclasses import dataclass, field
from typing import Any

from portal import clock
from portal.models import Grid, Post, Worker
from portal.rules.imports.cells import choice, code, day, flag, person_name, text
from portal.rules.imports.drafts import Found
from portal.rules.imports.kind import Column, Kind, Line
from portal.rules.imports.kinds.grids import CODE
from portal.rules.imports.kinds.people import (
    BASIS_WORDS,
    POST,
    Places,
    Role,
    Span,
    in_force,
    overlap,
    role_of,
    roles_by_word,
)
from portal.rules.imports.work import Work
from portal.scope import CODE_LENGTHS

COMMUNITY = CODE_LENGTHS["community"]

COLUMNS = (
    Column("name", "姓名", person_name(60), "name_missing"),
    Column("number", "工作证号", code(r"[A-Za-z0-9-]{1,30}")),
    Column("worker_grid", "所属网格", code(CODE)),
    Column("grid_code", "网格编码", code(CODE), "grid_missing", ("任职网格",)),
    Column("role", "岗位", text(60), "role_missing", ("职务",)),
    Column("basis", "产生方式", choice(BASIS_WORDS)),
    Column("since", "任职日期", day, aliases=("起始日期",)),
    Column("until", "离任日期", day, aliases=("截止日期", "终止日期")),
    Column("public", "公示", flag, aliases=("是否公示",)),
)


@dataclass
class Round:
    """What one run knows."""

    work: Work
    roles: dict[str, Role]
    grids: set[str]
    by_number: dict[str, list[Found]]
    by_name: dict[str, list[Found]]
    posts: dict[int, list[Found]]
    places: Places
    spans: dict[tuple[int, str, str], list[Span]] = field(default_factory=dict)


def plan(work: Work, lines: list[Line]) -> None:
    """Put every post whose worker, grid and role are there."""
    codes = {line["grid_code"] for line in lines}
    numbers, names = {line["number"] for line in lines}, {line["name"] for line in lines}
    by_number = work.find(Worker, "number", numbers, ["name", "user_id"])
    by_name = work.find(Worker, "name", names, ["number", "user_id"])
    ids = {row.id for rows in (*by_number.values(), *by_name.values()) for row in rows}
    run = Round(
        work,
        roles_by_word(work.session),
        set(work.find(Grid, "code", codes, everywhere=True)),
        by_number,
        by_name,
        work.find(Post, "worker_id", ids, POST, everywhere=True),
        Places(work, codes),
    )
    # Those that end first: what becomes free may be given to another in the same file.
    for line in sorted(lines, key=lambda line: line["until"] is None):
        if work.may_write(line, Post, line["grid_code"]):
            _take(run, line)


def _take(run: Round, line: Line) -> None:
    grid_code = line["grid_code"]
    if grid_code not in run.grids:
        run.work.fail(line, "unknown_grid", "grid_code")
        return
    role = role_of(run.work, line, run.roles, grid_code)
    worker = _worker(run, line) if role is not None else None
    if role is None or worker is None:
        return
    found = _same_post(run, line, worker, role)
    since = line["since"] or (found.raw["since"] if found else clock.today())
    until = line["until"] or (found.raw["until"] if found else None)
    if until is not None and until < since:
        run.work.fail(line, "date_order", "until")
        return
    if _overlaps(run, (worker.id, grid_code, role.code), (since, until), found):
        run.work.fail(line, "post_overlaps", "since")
        return
    if not run.places.give(line, role, worker, (since, until), found):
        return
    told = ("basis", "until", "public")
    values: dict[str, Any] = {name: line.values[name] for name in told if name in line.values}
    label = f"{line['name']} {role.code} {grid_code}"
    if found is not None:
        run.work.put(line, Post, values, label, found=found)
        return
    new: dict[str, Any] = {
        "worker_id": worker.id,
        "grid_code": grid_code,
        "role": role.code,
        "basis": role.usual_basis,
        "since": since,
        "public": False,
    }
    run.work.put(line, Post, new | values, label)


def _worker(run: Round, line: Line) -> Found | None:
    if line["number"]:
        rows = [
            row for row in run.by_number.get(line["number"], []) if row.raw["name"] == line["name"]
        ]
    else:
        rows = _by_place(run.by_name.get(line["name"], []), line)
    if len(rows) != 1:
        run.work.fail(line, "ambiguous_worker" if rows else "unknown_worker", "name")
        return None
    return rows[0]


def _by_place(rows: list[Found], line: Line) -> list[Found]:
    """Workers of that name in the grid they belong to; where the file does not say, in the grid
    of the post, else anywhere in its community."""
    if line["worker_grid"]:
        return [row for row in rows if row.raw["grid_code"] == line["worker_grid"]]
    here = [row for row in rows if row.raw["grid_code"] == line["grid_code"]]
    near = line["grid_code"][:COMMUNITY]
    return here or [row for row in rows if row.raw["grid_code"].startswith(near)]


def _same_post(run: Round, line: Line, worker: Found, role: Role) -> Found | None:
    """The post a line means: the one that began that day, or the one in force."""
    for post in run.posts.get(worker.id, []):
        if (post.raw["grid_code"], post.raw["role"]) != (line["grid_code"], role.code):
            continue
        if line["since"] is None and in_force(post, clock.today()):
            return post
        if line["since"] is not None and post.raw["since"] == line["since"]:
            return post
    return None


def _overlaps(run: Round, key: tuple[int, str, str], span: Span, found: Found | None) -> bool:
    """Whether the worker would hold the same post twice at a time."""
    taken = run.spans.setdefault(key, [])
    others = [
        (post.raw["since"], post.raw["until"])
        for post in run.posts.get(key[0], [])
        if post is not found and (post.raw["grid_code"], post.raw["role"]) == key[1:]
    ]
    if any(overlap(span, other) for other in (*others, *taken)):
        return True
    taken.append(span)
    return False


POSTS = Kind("posts", COLUMNS, Post, (Post,), plan)
