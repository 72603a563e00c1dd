"""The catalogue of duties, in the columns of the default data."""

import re

from portal.models import Duty, PostRole
from portal.models.choices import FREQUENCIES
from portal.rules.duties import OTHER_ROLES
from portal.rules.imports.cells import Cleaner, Note, choice, code, text, whole_number
from portal.rules.imports.kind import Column, Kind, Line
from portal.rules.imports.work import Work

FREQUENCY_WORDS: dict[str, tuple[str, ...]] = {
    "workday": ("工作日", "每日", "每个工作日"),
    "weekly": ("每周", "周"),
    "monthly": ("每月", "月"),
    "quarterly": ("每季", "每季度", "季"),
    "half_year": ("每半年", "半年"),
    "yearly": ("每年", "年"),
    "on_change": ("变动时", "有变动时"),
    "on_event": ("发生时", "有情况时"),
    "by_plan": ("按计划", "按方案"),
    "by_campaign": ("按专项", "按专项安排"),
}
assert FREQUENCY_WORDS.keys() == FREQUENCIES.keys()


def _roles(limit: int) -> Cleaner:
    plain = text(limit)

    def clean(cell: object, note: Note) -> str | None:
        value = plain(cell, note)
        parts = [part.strip() for part in re.split(r"[;；、,，]", value or "") if part.strip()]
        return ";".join(parts) or None

    return clean


COLUMNS = (
    Column("group", "组别", whole_number(1, 5), "group_missing", ("group_no", "类别")),
    Column("code", "编码", code(r"[A-Za-z0-9-]{1,12}"), "code_missing"),
    Column("title", "名称", text(80), "name_missing", ("职责",)),
    Column("title_en", "英文名称", text(80)),
    Column("detail", "内容", text(4000)),
    Column("role", "岗位", _roles(80), "role_missing", ("责任岗位",)),
    Column("frequency", "频次", choice(FREQUENCY_WORDS), "frequency_missing"),
    Column("times", "次数要求", text(80), aliases=("次数",)),
    Column("evidence", "佐证", text(80)),
    Column("paper_replaced", "替代纸质", text(80)),
)


def plan(work: Work, lines: list[Line]) -> None:
    """Put every duty whose posts are known; empty cells change nothing."""
    roles = {part for line in lines for part in line["role"].split(";")}
    there = set(work.find(PostRole, "code", roles, everywhere=True)) | set(OTHER_ROLES)
    attributes = {c.name: "group_no" if c.name == "group" else c.name for c in COLUMNS}
    codes = {line["code"] for line in lines}
    found = work.find(Duty, "code", codes, attributes.values(), everywhere=True)
    for line in lines:
        if not set(line["role"].split(";")) <= there:
            work.fail(line, "unknown_role", "role")
            continue
        values = {
            attribute: line.values[name]
            for name, attribute in attributes.items()
            if name in line.values
        }
        known = found.get(line["code"])
        label = f"{line['code']} {line['title']}"
        work.put(line, Duty, values, label, found=known[0] if known else None)


DUTIES = Kind("duties", COLUMNS, Duty, (Duty,), plan, key=lambda line: line["code"])
