"""The text of the work manual: our own light markup, read into blocks.

A file holds a chapter in one language. ``##`` begins a section (with its title; without one it is
that of ``work_manual.yaml``), ``###`` a heading within it. A line is a paragraph unless it begins
with ``-`` a point, ``1.`` a step, ``x`` what not to do, ``!`` something to
remember, ``?`` what the community fills in, ``|`` a row of a table (the first one is its head;
``|=`` gives the widths of the columns in per cent) or ``@`` the name of something that the record
or the default data supply.
"""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import yaml
from markupsafe import Markup

from portal.rules.defaults import FOLDER
from portal.rules.manual import TEXTS

FOLDERS = {"zh_Hans_CN": "zh", "en": "en"}
STEP = re.compile(r"(\d+)\. (.*)")
MARKS = {"-": "list", "x": "dont", "!": "note", "?": "local", "@": "data"}


@dataclass(frozen=True)
class Block:
    """Something that is set: ``kind`` says how, and which of the other fields it has.

    ``head, para, note, local, data``: text · ``list, dont, steps``: items · ``table``: head,
    rows, widths, perhaps a caption (text) and a css class · ``figure``: markup with its caption
    (text) · ``rule``: a heading (text), a line beside it (head) and items.
    """

    kind: str
    text: str = ""
    items: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    widths: tuple[float, ...] = ()
    css: str = ""
    markup: Markup = Markup("")


@dataclass(frozen=True)
class Section:
    """A section with its title ("": that of ``work_manual.yaml``) and its blocks."""

    title: str
    blocks: tuple[Block, ...]


@lru_cache(maxsize=64)
def chapter(lang: str, name: str) -> tuple[Section, ...]:
    """The sections of the file ``name`` in ``lang``."""
    text = (TEXTS / FOLDERS[lang] / f"{name}.txt").read_text(encoding="utf-8")
    sections: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("## ") or line == "##":
            sections.append((line[2:].strip(), []))
        elif line.strip():
            sections[-1][1].append(line)
    return tuple(Section(title, tuple(_blocks(lines))) for title, lines in sections)


def _blocks(lines: Iterable[str]) -> Iterable[Block]:
    """Blocks of ``lines``; neighbouring points, steps and rows are one block."""
    held: Block | None = None
    for line in lines:
        block = _block(line)
        if held is not None and held.kind == block.kind and _grows(held, block):
            held = _grown(held, block)
            continue
        if held is not None:
            yield _done(held)
        held = block
    if held is not None:
        yield _done(held)


def _block(line: str) -> Block:
    if line.startswith("### "):
        return Block("head", line[4:].strip())
    if line.startswith("|="):
        return Block("table", widths=tuple(float(part) for part in line[2:].split()))
    if line.startswith("|"):
        return Block("table", rows=(tuple(cell.strip() for cell in line[1:].split("|")),))
    step = STEP.fullmatch(line)
    if step:
        return Block("steps", items=(step[2],))
    kind = MARKS.get(line[0]) if line[1:2] == " " or line[0] == "@" else None
    text = line[1:].strip()
    if kind is None:
        return Block("para", line.strip())
    return Block(kind, items=(text,)) if kind in ("list", "dont") else Block(kind, text)


def _grows(held: Block, block: Block) -> bool:
    if held.kind == "table":
        return not block.widths
    return held.kind in ("list", "dont", "steps")


def _grown(held: Block, block: Block) -> Block:
    return replace(held, items=held.items + block.items, rows=held.rows + block.rows)


def _done(block: Block) -> Block:
    """A table's first row is its head."""
    if block.kind != "table":
        return block
    head, *rows = block.rows
    count = len(head)
    widths = block.widths or tuple(round(100 / count, 2) for _cell in head)
    return replace(block, head=head, rows=tuple(rows), widths=widths)


@lru_cache(maxsize=8)
def read_yaml(name: str) -> Any:
    """A file of the default data, parsed once."""
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


@lru_cache(maxsize=8)
def read_csv(name: str) -> tuple[dict[str, str], ...]:
    """The lines of a table of the default data, read once."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@lru_cache(maxsize=1)
def english() -> Any:
    """The English of the default catalogue (``manual/catalogue.en.yaml``)."""
    return yaml.safe_load((TEXTS / "catalogue.en.yaml").read_text(encoding="utf-8"))
