"""The words on the map of a grid."""

from collections.abc import Callable
from typing import Any


def map_labels(_: Callable[[str], str]) -> dict[str, Any]:
    """The words of a map in the language of ``_``. Add ``bounds``, the four bounds of the focus
    (east, south, west, north), to have its streets named, and ``here`` = "" to leave the marker
    out."""
    return {
        "title": _("Map of the grid"),
        "here": _("You are here"),
        "focus": _("This grid"),
        "neighbour": _("Neighbour"),
        "context": _("Other grid"),
        "street": _("Road"),
        "north": _("N"),
        "metres": _("m"),
        "comma": _(", "),
        "colon": _(": "),
        "semicolon": _("; "),
        "east": _("East"),
        "south": _("South"),
        "west": _("West"),
        "north_side": _("North"),
        "north_east": _("North-east"),
        "north_west": _("North-west"),
        "south_east": _("South-east"),
        "south_west": _("South-west"),
    }
