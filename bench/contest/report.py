"""The table of a contest, and the promises that it has to keep (issue: the register at scale)."""

import os
import platform
from collections.abc import Mapping, Sequence

from bench.contest.measure import Memory, Results
from bench.contest.pages import FORMS, LISTS

OURS, BASE, RIVAL = "portal", "portal, 10k", "Django admin"
OWN_STATEMENTS, LIST_STATEMENTS = 2, 4
LIST_KB, FORM_KB, GROWTH, UNIQUE_MB = 40, 20, 1.2, 120


def machine() -> str:
    """What it was measured on, and how busy that was."""
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors,"
        f" Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"
    )


def table(results: Results, labels: Sequence[str]) -> str:
    """One line for each page: p50 and p95 in ms, statements and KB of everybody, and ratios."""
    shown = [label for label in labels if label != BASE]
    head = ["page", *(f"{label}: p50 / p95 ms · SQL · KB" for label in shown)]
    rival = RIVAL in labels
    if rival:
        head.append("ours / Django")
    if BASE in labels:
        head.append("p50 / p50 at 10k")
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for page, found in results.items():
        cells = [page]
        for label in shown:
            told = found[label]
            cells.append(
                f"{told.p50:.1f} / {told.p95:.1f} · {told.statements} · {told.size / 1024:.1f}"
            )
        if rival:
            cells.append(f"{found[OURS].p50 / found[RIVAL].p50:.2f}")
        if BASE in labels:
            cells.append(f"{found[OURS].p50 / found[BASE].p50:.2f}")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def told_memory(memories: Mapping[str, Memory]) -> str:
    """One line for each contestant: megabytes of a worker."""
    return "\n".join(
        f"  {label:14}{told.unique:7.0f} MB of its own{told.share:7.0f} MB with its share"
        f"{told.resident:7.0f} MB resident"
        for label, told in memories.items()
    )


def broken(results: Results, memories: Mapping[str, Memory]) -> list[str]:
    """Promises that were not kept, in words."""
    found = []
    for page, by_label in results.items():
        ours = by_label[OURS]
        most = LIST_KB if page in LISTS else FORM_KB
        if ours.size > most * 1024:
            found.append(f"{page}: {ours.size / 1024:.1f} KB, at most {most}")
        if page in LISTS and ours.statements > OWN_STATEMENTS + LIST_STATEMENTS:
            found.append(f"{page}: {ours.statements} statements")
        if page not in FORMS and RIVAL in by_label and ours.p50 >= by_label[RIVAL].p50:
            found.append(f"{page}: {ours.p50:.1f} ms, {RIVAL} {by_label[RIVAL].p50:.1f}")
        if BASE in by_label and ours.p50 > GROWTH * by_label[BASE].p50:
            found.append(f"{page}: {ours.p50:.1f} ms, at 10k {by_label[BASE].p50:.1f}")
    if memories[OURS].unique > UNIQUE_MB:
        found.append(f"memory: {memories[OURS].unique:.0f} MB of a worker's own")
    return found
