"""Telephone numbers in one form, so that the same number is the same text."""

import re

from flask_babel import lazy_gettext as _l

from portal.errors import RuleError

FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
LANDLINE = re.compile(r"(0\d{2,3})(\d{7,8})(?:(?:x|转|ext\.?)(\d{1,6}))?", re.ASCII | re.IGNORECASE)
EXTENSION = re.compile(r"(0\d{2,3}[-\s]*\d{7,8})-(\d{1,6})", re.ASCII)
LOCAL_NUMBER = re.compile(r"[48]00\d{7}|[2-9]\d{6,7}|\d{3,6}", re.ASCII)


def tidy(text: str, *, public: bool = False) -> str:
    """13812345678, 027-82345678 or 027-82345678-101 for whatever way it was written.

    ``public`` also takes numbers without an area code, short numbers and service numbers. Raises
    ValueError for what is no telephone number.
    """
    value = text.translate(FULL_WIDTH).strip()
    extension = EXTENSION.fullmatch(value)
    if extension:
        value = f"{extension[1]}x{extension[2]}"
    digits = re.sub(r"[\s()-]|^(\+|00)86", "", value)
    digits = re.sub(r"^(\+|00)86", "", digits)
    if MOBILE.fullmatch(digits):
        return digits
    if match := LANDLINE.fullmatch(digits):
        tail = f"-{match[3]}" if match[3] else ""
        # Three-digit area codes are those of 010 and 02x; all the others have four.
        area = 3 if digits.startswith(("010", "02")) else 4
        number = f"{match[1]}{match[2]}"
        if 7 <= len(number) - area <= 8:
            return f"{number[:area]}-{number[area:]}{tail}"
    if public and LOCAL_NUMBER.fullmatch(digits):
        return digits
    raise ValueError(text)


def entered(text: str | None, field: str, *, public: bool = False) -> str | None:
    """What somebody typed into ``field``, in one form; None for nothing. Raises RuleError."""
    if not text:
        return None
    try:
        return tidy(text, public=public)
    except ValueError as error:
        raise RuleError(
            _l("This is no telephone number: 11 digits, or with its area code like 027-82345678."),
            field,
        ) from error
