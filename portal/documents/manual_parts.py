"""What the parts of a manual share: the record with its language, and small makers of blocks."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from portal.documents.manual_text import Block, english, read_csv, read_yaml
from portal.queries.manual_record import (
    ManualDuty,
    ManualGrid,
    ManualHotline,
    ManualPost,
    ManualRecord,
    ManualRegulation,
)

BLANK = "\u00a0"
"""A cell to write in: a space that stays."""


@dataclass(frozen=True)
class Context:
    """A record, and the words of its language."""

    record: ManualRecord
    say: Callable[[str], str]

    @property
    def english(self) -> bool:
        """Whether the edition is the English one."""
        return self.record.lang == "en"

    def grids(self, level: str, under: str = "") -> list[ManualGrid]:
        """Grids of a level, below ``under``."""
        return [
            grid
            for grid in self.record.grids
            if grid.level == level and grid.code.startswith(under)
        ]

    def posts(self) -> list[ManualPost]:
        """The posts the edition is about: one, those of the grid's level, or all."""
        record = self.record
        if record.edition == "community":
            return list(record.posts)
        if record.edition == "grid":
            return [post for post in record.posts if post.level in (record.level, "any")]
        return [post for post in record.posts if post.role == record.subject]

    def duties(self) -> list[ManualDuty]:
        """The duties of those posts; a whole edition has all of them."""
        record = self.record
        if record.edition != "post":
            return list(record.duties)
        return [duty for duty in record.duties if record.subject in duty.roles]

    def people(self, code: str, *roles: str) -> list[str]:
        """Names of those who hold one of ``roles`` at grid ``code``."""
        return [p.name for p in self.record.people if p.grid_code == code and p.role in roles]

    def post_name(self, role: str) -> str:
        """What a kind of post is called, without what stands in brackets behind it."""
        for post in self.record.posts:
            if post.role == role:
                name = post.name_en if self.english else post.name_zh
                return name.partition("（")[0].strip()
        return role

    def title(self, thing: ManualDuty | ManualRegulation) -> str:
        """The title of a duty or a regulation."""
        return thing.title_en if self.english else thing.title_zh

    def line_name(self, line: ManualHotline) -> str:
        """The name of a hotline."""
        return line.name_en if self.english else line.name_zh

    def hours(self, text: str) -> str:
        """Opening hours in words."""
        if self.english:
            return english()["hours"].get(text, text)
        return text.replace("24h", "24小时")

    def duty_text(self, duty: ManualDuty) -> tuple[str, str, str]:
        """Detail, how often, and the paper it replaces."""
        ours = (duty.detail, duty.times, duty.paper)
        if not self.english:
            return ours
        return _translated(ours, _default_duties().get(duty.code), english()["duties"], duty.code)

    def post_text(self, post: ManualPost) -> tuple[str, str, str]:
        """Responsibility, main duties, what the post decides."""
        ours = (post.responsibility, post.duties, post.decides)
        if not self.english:
            return ours
        return _translated(ours, _default_posts().get(post.role), english()["posts"], post.role)

    def clauses(self, rule: ManualRegulation) -> tuple[str, ...]:
        """The clauses of a regulation."""
        if not self.english:
            return rule.clauses
        default = _default_regulations().get(rule.code)
        return (
            tuple(english()["regulations"][rule.code]) if default == rule.clauses else rule.clauses
        )


def _translated(
    ours: tuple[str, str, str],
    default: tuple[str, str, str] | None,
    texts: dict[str, list[str]],
    key: str,
) -> tuple[str, str, str]:
    """The English of what still says what the default says; own words stay as they are."""
    if default is None or key not in texts:
        return ours
    first, second, third = (
        translated if mine == usual else mine
        for mine, usual, translated in zip(ours, default, texts[key], strict=True)
    )
    return first, second, third


@lru_cache(maxsize=1)
def _default_duties() -> dict[str, tuple[str, str, str]]:
    return {
        line["code"]: (line["detail"], line["times"], line["paper_replaced"])
        for line in read_csv("duties.csv")
    }


@lru_cache(maxsize=1)
def _default_posts() -> dict[str, tuple[str, str, str]]:
    return {
        line["role"]: (line["responsibility"], line["main_duties"], line["decides"])
        for line in read_csv("posts.csv")
    }


@lru_cache(maxsize=1)
def _default_regulations() -> dict[str, tuple[str, ...]]:
    return {rule["code"]: tuple(rule["clauses"]) for rule in read_yaml("regulations.yaml")}


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[object]],
    widths: Sequence[float],
    caption: str = "",
    css: str = "",
) -> Block:
    """A table; an empty cell shows a dash, ``BLANK`` leaves room to write."""
    lines = tuple(tuple("—" if cell in ("", None) else str(cell) for cell in row) for row in rows)
    return Block("table", caption, head=tuple(head), rows=lines, widths=tuple(widths), css=css)


def blanks(head: Sequence[str], count: int, widths: Sequence[float], caption: str = "") -> Block:
    """A table to fill in by hand: its first column is numbered."""
    rows = [(str(at), *([BLANK] * (len(head) - 1))) for at in range(1, count + 1)]
    return table(head, rows, widths, caption, "write")


def para(text: str) -> Block:
    """A paragraph."""
    return Block("para", text)


def head(text: str) -> Block:
    """A heading within a section."""
    return Block("head", text)


def local(text: str) -> Block:
    """What the community fills in or checks."""
    return Block("local", text)
