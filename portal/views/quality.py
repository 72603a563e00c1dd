"""``/register-quality/``: how complete the register is, what is missing in it, and where."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder.baseviews import BaseView, expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal import roles, scope
from portal.extensions import db
from portal.queries import quality
from portal.queries.quality import Counted
from portal.views.context import format_number
from portal.views.entity.access import allowed
from portal.views.page import Cell, Column, ListPage, Row, Tile, Tone

# gap: (list, words, tone)
GAPS: dict[str, tuple[str, Any, Tone]] = {
    "wrong_number": ("residents", _l("Wrong numbers"), "late"),
    "died_elsewhere": ("residents", _l("Live here, died by another record"), "late"),
    "twice": ("residents", _l("Same name and birthday"), "warn"),
    "no_papers": ("residents", _l("Without papers: temporary number"), "warn"),
    "no_birth_date": ("residents", _l("No birthday"), "warn"),
    "no_phone": ("residents", _l("Adults without a telephone"), "warn"),
    "no_relation": ("residents", _l("No relation to the head"), "warn"),
    "no_head": ("households", _l("Households without a head"), "warn"),
    "empty": ("households", _l("Households nobody lives in"), "warn"),
    "no_household": ("dwellings", _l("Homes lived in, no household"), "warn"),
    "not_vacant": ("dwellings", _l("Vacant homes with people"), "warn"),
}
SORTED = {"twice": "name"}  # so that those alike stand together


@dataclass(frozen=True)
class Share:
    """A column of the table: how many of ``whole`` have no ``gap``, in percent."""

    gap: str
    label: Any
    whole: Callable[[Counted], int]


# Further columns would make the page of a community longer than 40 KB: the tiles have them.
SHARES = (
    Share("no_papers", _l("With papers"), lambda part: part.people),
    Share("no_phone", _l("Adults with telephone"), lambda part: part.grown),
    Share("no_head", _l("Households with head"), lambda part: part.households),
)


class RegisterQualityView(BaseView):
    """What is missing in the register; every number leads to exactly the rows it counts."""

    route_base = "/register-quality"
    default_view = "page"
    class_permission_name = "Resident"
    list_title = _l("Register quality")

    @expose("/")
    @allowed(roles.READ)
    def page(self) -> ResponseReturnValue:
        """All that the reader sees, or what of it lies below ``grid_code``."""
        prefixes = scope.current().prefixes(roles.READ, "Resident")
        under = request.args.get("grid_code", "").strip()
        if under and not (under.isascii() and under.isdigit() and scope.covers(prefixes, under)):
            abort(404)
        digits = _digits([under] if under else prefixes)
        parts = quality.counted(db.session, under, digits)
        gaps = _total(parts.values()) | quality.pairs(db.session, under)
        table = _table(parts.values(), digits)
        name = parts[under].name if under in parts else ""
        return render_template(
            "views/register_quality.html",
            title=str(self.list_title),
            subtitle=name or (f"{_('Code')} {under}" if under else _("Everything you may see")),
            back_url=f"{self.route_base}/" if under else None,
            tiles=[_tile(gap, gaps.get(gap, 0), under) for gap in GAPS],
            table=table,
            registered=any(part.homes or part.people for part in parts.values()),
            may_import=scope.current().can(roles.WRITE, "ImportBatch"),
        )


def _digits(codes: Iterable[str]) -> int:
    """Up to a community its cells are told apart; what is wider, by communities."""
    community = scope.CODE_LENGTHS["community"]
    wide = any(len(code) < community for code in codes)
    return community if wide else scope.CODE_LENGTHS["cell"]


def _total(parts: Iterable[Counted]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for part in parts:
        for gap, count in part.gaps.items():
            sums[gap] = sums.get(gap, 0) + count
    return sums


def _rows_url(gap: str, under: str) -> str:
    params = {"preset": gap, "grid_code": under, "order": SORTED.get(gap, "")}
    return f"/{GAPS[gap][0]}/list/?" + urlencode({n: v for n, v in params.items() if v})


def _tile(gap: str, count: int, under: str) -> Tile:
    _list, label, tone = GAPS[gap]
    url = _rows_url(gap, under)
    return Tile(str(label), format_number(count), url, tone=tone if count else "")


def _table(parts: Iterable[Counted], digits: int) -> ListPage:
    labels = [
        _("Grid"), _("Homes of those declared"), _("Households"), _("People"),
        *(str(share.label) for share in SHARES),
    ]  # fmt: skip
    rows = [_row(part, labels, digits) for part in parts]
    return ListPage([Column(str(at), label) for at, label in enumerate(labels)], rows, len(rows))


def _row(part: Counted, labels: list[str], digits: int) -> Row:
    homes = format_number(part.homes)
    if part.declared is not None:
        homes = f"{homes} / {format_number(part.declared)}"
    below = f"?grid_code={part.code}"
    figures = [
        (homes, f"/dwellings/list/{below}" if part.homes else None),
        (format_number(part.households), f"/households/list/{below}" if part.households else None),
        (
            format_number(part.people),
            f"/residents/list/{below}&preset=here" if part.people else None,
        ),
    ]
    for share in SHARES:
        gap, whole = part.gaps.get(share.gap, 0), share.whole(part)
        percent = f"{(whole - gap) * 100 // whole}%" if whole else ""
        figures.append((percent, _rows_url(share.gap, part.code) if gap else None))
    name = part.name or part.code
    cells = [Cell("name", labels[0], name)]
    cells += [
        Cell("figure", label, text, url, "number")
        for label, (text, url) in zip(labels[1:], figures, strict=True)
    ]
    return Row(part.code, name, f"/register-quality/{below}", cells=cells)
