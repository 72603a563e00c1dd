"""What a number of a desk is: rows of a list, or a figure that no list counts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from portal.views.page import Tone


@dataclass(frozen=True)
class Count:
    """A number of a desk: the rows of ``resource`` that ``params`` of its list select.

    ``tone`` colours it when it is above zero. ``page``: the page that shows the same rows with what
    to do about them, instead of the list.
    """

    label: Any
    resource: str
    params: dict[str, str] = field(default_factory=dict)
    tone: Tone = ""
    page: str = ""


@dataclass(frozen=True)
class Figure:
    """A number of a desk that no list counts: ``number()`` (None: cannot be told now), on the page
    ``url`` of ``resource``.
    """

    label: Any
    resource: str
    url: str
    number: Callable[[], int | None]
    tone: Tone = ""
