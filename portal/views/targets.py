"""Where a redirect may lead that an address asks for."""

from flask_appbuilder.utils.base import is_safe_redirect_url


def is_ours(target: str | None) -> bool:
    """Whether ``target`` is a path of this portal, as every browser reads it."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return False
    if any(ord(sign) < 32 for sign in target):  # browsers drop them, and "/\t/x" becomes "//x"
        return False
    return bool(is_safe_redirect_url(target))
