"""The history of regridding in words, for the page of a grid and for its archive (变更史)."""

from collections.abc import Iterable

from flask_babel import gettext as _

from portal.models import GridChange

MOST = 8  # grids that a sentence names


def sentence(change: GridChange) -> str:
    """What happened, in one sentence with names and codes as they were that day."""
    told = change.details
    names, before = told["names"], told["before"]
    old, new = change.old, change.new
    if change.kind == "move":
        return _(
            "%(name)s moved: its code was %(before)s and is %(after)s now.",
            name=before.get(old[0], old[0]),
            before=old[0],
            after=new[0],
        )
    values = {"before": _listed(before, old), "after": _listed(names, new)}
    if change.kind == "split":
        return _("%(before)s was split into %(after)s.", **values)
    if change.kind == "merge":
        return _("%(before)s were joined into %(after)s.", **values)
    return _(
        "%(number)s buildings of %(source)s went to %(target)s.",
        number=told["moved"].get("buildings", 0),
        source=_listed(before, old[:1]),
        target=_listed(before, old[1:2]),
    )


def _listed(names: dict[str, str], codes: Iterable[str]) -> str:
    found = list(codes)
    said = [
        _("%(name)s (%(code)s)", name=names.get(code, code), code=code) for code in found[:MOST]
    ]
    return _(", ").join(said) + ("…" if len(found) > MOST else "")
