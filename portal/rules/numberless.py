"""Words that hold no identity number and no telephone: free text is neither sealed nor masked."""

import re
import unicodedata

from flask_babel import lazy_gettext as _l

from portal.errors import RuleError

NUMBERS = re.compile(r"\d{15}|\d{17}[\dxX]|1[3-9]\d{9}", re.ASCII)
BETWEEN = re.compile(r"(?<=\d)[\W_]+(?=[\dxX])")  # no letters, so no words either


def holds_number(text: str | None) -> bool:
    """Whether there is one in ``text``, also in wide digits or with separators between them."""
    return bool(NUMBERS.search(BETWEEN.sub("", unicodedata.normalize("NFKC", text or ""))))


def check(text: str | None, field: str) -> None:
    """Raises RuleError on ``field`` where ``text`` holds one."""
    if holds_number(text):
        raise RuleError(
            _l("Leave identity numbers and telephones out: they have fields of their own."), field
        )
