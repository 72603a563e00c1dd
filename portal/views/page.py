"""What a view hands to its template: plain, frozen values without a query left in them.

Templates never touch a model. A view asks, masks and words everything, then puts the result into
one of these classes, so a page is the same whatever table it came from. Every ``label``, ``title``,
``text`` and ``hint`` is already translated and may be shown to the person who asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

CellKind = Literal["text", "code", "date", "badge", "number"]
FilterKind = Literal["choice", "text", "grid", "bool"]
Tone = Literal["", "good", "warn", "late", "info", "muted"]


@dataclass(frozen=True)
class NavItem:
    """One entry of the main menu; ``icon`` names a symbol of ``img/icons.svg`` (without ``#``)."""

    label: str
    url: str
    icon: str = ""
    active: bool = False


@dataclass(frozen=True)
class NavGroup:
    """A heading of the main menu and its entries; an empty label means no heading."""

    label: str
    items: list[NavItem] = field(default_factory=list)


@dataclass(frozen=True)
class Column:
    """A column of a list; ``sort_url`` is None where the column cannot be sorted by."""

    name: str
    label: str
    sort_url: str | None = None
    sorted: Literal["", "asc", "desc"] = ""


@dataclass(frozen=True)
class Cell:
    """One value of a row, worded for people.

    ``tone`` colours a badge (never the only sign: the text says the same).
    """

    name: str
    label: str
    text: str
    href: str | None = None
    kind: CellKind = "text"
    tone: Tone = ""


@dataclass(frozen=True)
class Row:
    """One record of a list; ``title`` names it for screen readers and as heading of its card."""

    id: int | str
    title: str
    show_url: str | None = None
    edit_url: str | None = None
    delete_url: str | None = None
    cells: list[Cell] = field(default_factory=list)


@dataclass(frozen=True)
class Chip:
    """A filter in force, and the address of the same list without it."""

    label: str
    value: str
    remove_url: str


@dataclass(frozen=True)
class Filter:
    """A field of the filter form; ``options`` are (value, label) pairs of a ``choice``.

    ``lookup_url`` (kind ``grid``) answers ``{"items": [{"value", "label"}]}`` to ``?q=``.
    """

    name: str
    label: str
    kind: FilterKind = "choice"
    options: list[tuple[str, str]] = field(default_factory=list)
    value: str = ""
    lookup_url: str = ""


@dataclass(frozen=True)
class Preset:
    """A ready-made view of a list, shown as a tab."""

    name: str
    label: str
    url: str
    active: bool = False


@dataclass(frozen=True)
class ListPage:
    """One page of a list.

    ``total`` is exact unless ``capped`` ("10,000+"). ``hidden`` are (name, value) pairs that the
    filter form carries along. ``mine_url`` leads to columns and saved lists; ``letters`` are
    (letter, url) pairs of places in an order by name. ``exports`` are (label, url) pairs. ``order``
    is ``column`` or ``-column``.
    """

    columns: list[Column] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    total: int = 0
    capped: bool = False
    q: str = ""
    size: int = 25
    order: str = ""
    next_url: str | None = None
    prev_url: str | None = None
    chips: list[Chip] = field(default_factory=list)
    filters: list[Filter] = field(default_factory=list)
    presets: list[Preset] = field(default_factory=list)
    add_url: str | None = None
    exports: list[tuple[str, str]] = field(default_factory=list)
    reset_url: str = ""
    hidden: list[tuple[str, str]] = field(default_factory=list)
    mine_url: str | None = None
    letters: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Field:
    """One labelled value of a record; ``reveal_url`` leads to the unmasked value, with a reason."""

    name: str
    label: str
    text: str
    href: str | None = None
    kind: CellKind | Literal["long"] = "text"
    sensitive: bool = False
    reveal_url: str | None = None
    tone: Tone = ""


@dataclass(frozen=True)
class Related:
    """A list of records that belong to the one shown; ``all_url`` opens them as a full list."""

    title: str
    page: ListPage
    all_url: str | None = None
    add_url: str | None = None


@dataclass(frozen=True)
class Record:
    """A record as its page shows it.

    ``groups`` are (heading, fields) pairs; ``extras`` are (template name, context) pairs included
    after the groups, ``leading`` before them; ``links`` are (label, url, icon) of further things
    to do with the record.
    """

    id: int | str
    title: str
    edit_url: str | None = None
    delete_url: str | None = None
    back_url: str | None = None
    groups: list[tuple[str, list[Field]]] = field(default_factory=list)
    related: list[Related] = field(default_factory=list)
    extras: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    links: list[tuple[str, str, str]] = field(default_factory=list)
    subtitle: str = ""
    leading: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


@dataclass(frozen=True)
class Tile:
    """A number of a desk; ``url`` opens exactly the rows it counts."""

    label: str
    value: str
    url: str | None = None
    hint: str = ""
    tone: Tone = ""


@dataclass(frozen=True)
class Section:
    """A part of a desk: a heading and its numbers; ``note`` says so where nothing is due.
    ``quiet``: what could wait and does not, links in one line instead of tiles that say 0.
    """

    title: str
    tiles: list[Tile] = field(default_factory=list)
    note: str = ""
    quiet: list[Tile] = field(default_factory=list)


@dataclass(frozen=True)
class Desk:
    """The first page of a role: what to do now, then how things stand, then lists and a map.

    ``map_url`` is the picture of the grid ``map_title``; a list of its parts stands beside it.
    ``map_link`` leads to the map with findings. ``counts_url``: the picture of its open orders,
    which goes before that, ``counts_link`` their page. ``links`` are (label, url, icon) of pages
    that tell more. ``next_up`` is the (words, address) of the next meeting of one's own.
    """

    title: str
    sections: list[Section] = field(default_factory=list)
    lists: list[Related] = field(default_factory=list)
    intro: str = ""
    map_url: str | None = None
    map_title: str = ""
    map_link: str | None = None
    links: list[tuple[str, str, str]] = field(default_factory=list)
    counts_url: str | None = None
    counts_link: str | None = None
    next_up: tuple[str, str] | None = None
