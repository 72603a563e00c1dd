"""What the night finds out about the register."""

from portal.extensions import db
from portal.rules import quality


def nightly(_slot: str) -> str:
    """Check the numbers of all identity cards again."""
    seen, wrong = quality.recheck_numbers(db.session)
    return f"numbers {seen}, wrong {wrong}"
