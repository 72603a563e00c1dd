"""A form begins with what a row held: whoever sends it writes over that, and over nothing newer."""

from typing import Any

from flask_babel import lazy_gettext as _l

from portal.errors import RuleError


def check_unchanged(row: Any, seen: int | None) -> None:
    """Raises RuleError where ``row`` is not of the version ``seen`` any more; None: not asked."""
    if seen is not None and seen != row.version:
        raise RuleError(
            _l(
                "Somebody changed this record meanwhile. Load the page again and repeat your"
                " change."
            )
        )
