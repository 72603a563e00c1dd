"""How private values look where they are not opened (138****5678)."""

import re

HIDDEN = "••••"


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
