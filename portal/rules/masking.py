"""How private values look where they are not opened (138****5678)."""

import re

HIDDEN = "••••"
# A mobile number, however it is spaced, and an identity number in full; grid codes are longer.
PRIVATE = re.compile(r"(?<!\d)(1[3-9](?:[ -]?\d){9}|\d{17}[\dXx])(?!\d)")


def mask(value: str | None) -> str:
    """``value`` with its middle hidden; nothing of a short one is shown."""
    if not value:
        return ""
    text = re.sub(r"[\s-]", "", value)
    if re.fullmatch(r"\d{17}[\dXx]", text):
        return f"{text[:6]}********{text[-4:]}"
    if len(text) >= 8:
        return f"{text[:3]}****{text[-4:]}"
    return HIDDEN


def mask_name(value: str | None) -> str:
    """The first character of a name, so that two people of one matter can be told apart."""
    return f"{value[0]}**" if value and len(value) > 1 else HIDDEN if value else ""


def hide_numbers(text: str) -> str:
    """``text`` with telephone and identity numbers masked, wherever in it they stand."""
    return PRIVATE.sub(lambda match: mask(match[1]), text)
