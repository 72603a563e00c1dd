"""The clocks of matters as ``defaults/time_limits.yaml`` gives them, as numbers with names.

The names are keys of settings, so that a station may change each of them; the file stays the only
place where a number is typed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).resolve().parents[1] / "defaults" / "time_limits.yaml"
PETITION, MUNICIPAL = "petition", "municipal"
GRADED = ("general", "difficult", "major")
PREFIX = "limits."


@dataclass(frozen=True)
class Limits:
    """The numbers in force, by their names without ``limits.``: working days, hours (``control``),
    calendar days (``petition.authority`` and the others of the
    authority but for ``petition.objection``, ``suspend_days``), hundredths (``…_percent``).
    """

    numbers: Mapping[str, int]

    def __getitem__(self, name: str) -> int:
        return self.numbers[name]

    def get(self, name: str) -> int | None:
        """The number, or None where there is no such limit."""
        return self.numbers.get(name)

    def days(self, kind: str, grade: str | None) -> int:
        """Working days from taking in to the answer; those between two reports of a petition. What
        has no grade yet counts as general.
        """
        if kind == PETITION:
            return self["petition.report"]
        return self[f"{kind}.{grade or GRADED[0]}"]

    def share(self, name: str, days: int) -> int:
        """``name`` (hundredths) of ``days``, rounded up to whole days."""
        return -(-days * self[f"{name}_percent"] // 100)


@cache
def default_numbers() -> Mapping[str, int]:
    """What the file says, by names without ``limits.``"""
    told = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return dict(_numbers(told))


def default_settings() -> dict[str, str]:
    """The same as settings: key → value."""
    return {f"{PREFIX}{name}": str(number) for name, number in default_numbers().items()}


def _numbers(told: dict[str, Any]) -> Iterator[tuple[str, int]]:
    limits, rules, warning = told["limits"], told["rules"], told["warning"]
    yield "accept", told["accept"]["workdays"]
    for kind, clock in limits.items():
        if kind != PETITION:
            yield from ((f"{kind}.{grade}", clock[grade]) for grade in GRADED)
    yield "dispute.extend", limits["dispute"]["extend"]
    community = limits[PETITION]["community"]
    yield "petition.accept", community["register_and_hand_over"]["workdays"]
    yield "petition.report", community["report_on_named_case"]["workdays"]
    yield from _of_municipal(limits["municipal"]["note"])
    yield from _of_authorities(limits[PETITION]["authority"])
    for urgency in ("immediate", "urgent"):
        yield f"control.{urgency}", told["urgency"][urgency]["control"]["hours"]
    yield "control.hazard", limits["hazard"]["control_hours"]
    yield "recheck.hazard", limits["hazard"]["recheck_after"]
    yield "report.hazard", 7  # 每周一报
    yield "extend_percent", round(rules["extend"]["at_most"] * 100)
    yield "escalate_percent", round(rules["escalate"]["must_by"] * 100)
    yield "yellow_percent", _percent(warning["yellow"]["when"])
    yield "red_percent", _percent(warning["red"]["when"])
    yield "notice", rules["not_ours"]["notice_workdays"]
    yield "heard", int(re.findall(r"\d+", warning["responsibility"]["heard"])[0])
    yield "suspend_days", rules["suspend"]["max_days"]
    yield "sample.settled_percent", round(rules["settled_on_spot"]["sample_check"] * 100)
    visit = told["return_visit"]
    yield "visit.days", visit["after_close_workdays"]
    yield from ((f"visit.{kind}_percent", round(n * 100)) for kind, n in visit["sample"].items())


def _of_municipal(note: str) -> Iterator[tuple[str, int]]:
    """The community's own clocks beside the unit's; the file tells them in words."""
    found = re.search(r"转办(\d+)日与复核(\d+)日", note)
    assert found is not None, note
    yield "municipal.hand_over", int(found[1])
    yield "municipal.recheck", int(found[2])


def _of_authorities(told: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """The days of the authority on a petition, all of the calendar but for the objection."""
    yield "petition.authority", told["answer"]["calendar"]
    yield "petition.notice", told["notice"]["calendar"]
    yield "petition.objection", told["objection_to_transfer"]["workdays"]
    yield "petition.extension", told["extension"]["calendar"]
    for name, review in (("review", "review"), ("second", "second_review")):
        yield f"petition.{name}_request", told[review]["request"]["calendar"]
        yield f"petition.{name}_answer", told[review]["answer"]["calendar"]


def _percent(text: str) -> int:
    found = re.search(r"(\d+)\s*%", text)
    assert found is not None, text
    return int(found[1])
