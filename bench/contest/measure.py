"""Times, statements, bytes and memory of the contestants."""

import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.contest.contestants import Contestant
from bench.contest.pages import Rows

WARM_UP = 6


@dataclass
class Result:
    """One page of one contestant: seconds of every request, bytes, statements."""

    seconds: list[float] = field(default_factory=list)
    size: int = 0
    statements: int = 0

    @property
    def p50(self) -> float:
        """Median, in milliseconds."""
        return statistics.median(self.seconds) * 1000

    @property
    def p95(self) -> float:
        """The 95th percentile, in milliseconds."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))] * 1000


Results = dict[str, dict[str, Result]]  # page, contestant


def take_turns(
    contestants: Sequence[tuple[str, Contestant, Rows]], pages: Sequence[str], rounds: int
) -> Results:
    """Ask for every page ``rounds`` times, one request of each contestant after the other, so that
    whatever else the machine does is met by all of them alike. AssertionError for a wrong page.
    """
    found: Results = defaultdict(dict)
    for page in pages:
        for label, contestant, rows in contestants:
            result = found[page][label] = Result()
            for _number in range(WARM_UP):
                _ask(contestant, page, rows, result)
            result.seconds.clear()
        for _round in range(rounds):
            for label, contestant, rows in contestants:
                _ask(contestant, page, rows, found[page][label])
    return found


def _ask(contestant: Contestant, page: str, rows: Rows, result: Result) -> None:
    account, path = contestant.pages[page]
    answer = contestant.clients[account].ask(path)
    assert answer.status == 200, f"{contestant.name} {path}: {answer.status}"
    if not result.size:
        expected = rows.first.get(page, "")
        assert expected in answer.text, f"{contestant.name} {path}: {expected} is missing"
    result.seconds.append(answer.seconds)
    result.size = len(answer.body)


def count_of_rival(contestant: Contestant, pages: Sequence[str]) -> dict[str, int]:
    """Statements of each page, told by the rival's own hook."""
    found = {}
    for page in pages:
        account, path = contestant.pages[page]
        answer = contestant.clients[account].ask(path, X_Bench_Count="1")
        found[page] = int(answer.headers["x-bench-statements"])
    return found


@dataclass(frozen=True)
class Memory:
    """Megabytes of one worker: its own, its share of what is shared, all."""

    unique: float
    share: float
    resident: float


def memory(contestant: Contestant) -> Memory:
    """Of the worker that has most of its own."""
    return max((_memory(pid) for pid in contestant.workers()), key=lambda memory: memory.unique)


def _memory(pid: int) -> Memory:
    kilobytes: dict[str, int] = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split(":")
        kilobytes[name] = int(value.split()[0])
    unique = kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]
    return Memory(unique / 1024, kilobytes["Pss"] / 1024, kilobytes["Rss"] / 1024)
