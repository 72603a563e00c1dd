"""The default catalogue: posts, duties, national hotlines, regulations, categories of matters.

The files of ``portal/defaults`` are the source. What people may edit or delete afterwards is
added once per issue of its file: a line that the station changed or removed stays so.
"""

import csv
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Duty, Hotline, MatterCategory, PostRole, Regulation, Setting

FOLDER = Path(__file__).resolve().parents[1] / "defaults"
NATIONAL = "national"
SUPERVISION = "监督电话"


def load_defaults(session: Session) -> dict[str, int]:
    """Load the default data; returns the number of rows added per table.

    Safe to repeat. Rows of the catalogue of posts follow the file (nobody edits them); rows of
    the other tables are only ever added. The caller acts as the system and commits.
    """
    return {
        "post_roles": _load_posts(session),
        "duties": _add_once(session, "duties.csv", Duty, _duties),
        "hotlines": _add_once(session, "hotlines.csv", Hotline, _national_hotlines),
        "regulations": _add_once(session, "regulations.yaml", Regulation, _regulations),
        "matter_categories": _add_once(
            session, "matter_categories.csv", MatterCategory, _categories
        ),
    }


def community_hotlines() -> list[dict[str, Any]]:
    """Templates of the hotlines that a community fills in: columns of ``Hotline`` without
    ``grid_code``; ``number`` is None, ``scope`` is local, community or street."""
    return [line for line in _hotlines() if line["scope"] != NATIONAL]


def parse_count(text: str) -> tuple[int, int | None]:
    """How many hold a post: "1" is exactly one, "1+" at least one, "0+" any number.

    Returns the least and the greatest number (None: no limit). Raises ValueError otherwise.
    """
    if text.endswith("+"):
        return int(text[:-1]), None
    return int(text), int(text)


def _load_posts(session: Session) -> int:
    known = {row.code: row for row in session.scalars(select(PostRole))}
    added = 0
    for position, line in enumerate(_lines("posts.csv"), start=1):
        least, most = parse_count(line["count"])
        role = known.get(line["role"])
        if role is None:
            role = PostRole(code=line["role"])
            session.add(role)
            added += 1
        role.level, role.position = line["level"], position
        role.name_zh, role.name_en = line["zh"], line["en"]
        role.account_role = None if line["account_role"] == "none" else line["account_role"]
        role.min_count, role.max_count = least, most
        role.responsibility = line["responsibility"] or None
        role.main_duties = line["main_duties"] or None
        role.decides = line["decides"] or None
    session.flush()
    return added


def _add_once(
    session: Session, name: str, model: Any, read: Callable[[], list[dict[str, Any]]]
) -> int:
    """Add what is missing of a file, unless this issue of the file was loaded before."""
    issue = hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:16]
    key = f"defaults.{name.partition('.')[0]}"
    mark = session.scalar(select(Setting).where(Setting.key == key))
    if mark is not None and mark.value == issue:
        return 0
    column = "number" if model is Hotline else "code"
    known = set(session.scalars(select(getattr(model, column))))
    missing = [line for line in read() if line[column] not in known]
    session.add_all(model(**line) for line in missing)
    if mark is None:
        mark = Setting(key=key, note="issue of the default data that was loaded")
        session.add(mark)
    mark.value = issue
    session.flush()
    return len(missing)


def _duties() -> list[dict[str, Any]]:
    return [
        {"group_no": int(line.pop("group"))} | {key: text or None for key, text in line.items()}
        for line in _lines("duties.csv")
    ]


def _hotlines() -> list[dict[str, Any]]:
    return [
        {
            "scope": line["scope"],
            "number": line["number"] or None,
            "name": line["zh"],
            "name_en": line["en"] or None,
            "hours": line["hours"] or None,
            "on_board": line["on_board"] == "1",
            "supervision": SUPERVISION in line["zh"],
            "note": line["note"] or None,
        }
        for line in _lines("hotlines.csv")
    ]


def _national_hotlines() -> list[dict[str, Any]]:
    return [line for line in _hotlines() if line["scope"] == NATIONAL]


def _regulations() -> list[dict[str, Any]]:
    entries = yaml.safe_load((FOLDER / "regulations.yaml").read_text(encoding="utf-8"))
    return [
        {
            "code": entry["code"],
            "title": entry["zh"],
            "title_en": entry["en"],
            "text": "\n".join(entry["clauses"]),
        }
        for entry in entries
    ]


def _categories() -> list[dict[str, Any]]:
    found = []
    for line in _lines("matter_categories.csv"):
        route, _colon, kind = line["route"].partition(":")
        found.append(
            {
                "kind": line["kind"],
                "code": line["code"],
                "parent_code": line["parent"] or None,
                "name": line["zh"],
                "name_en": line["en"] or None,
                "lead": line["lead"],
                "urgency": line["urgency"],
                "visibility": line["visibility"],
                "route": route,
                "convert_to": kind or None,
                "cause": line["cause"] or None,
                "common": line["common"] == "1",
                "note": line["note"] or None,
            }
        )
    return found


def _lines(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
