"""Cards of the demo community: everybody in a public post has one, a few have a history."""

from collections.abc import Iterable, Iterator
from datetime import date

from portal.models import Card, Worker
from portal.rules.cards import new_token
from portal.rules.demo.plan import PersonPlan

# (issued, valid until)
FIRST = (date(2023, 3, 2), date(2026, 3, 1))
PRESENT = (date(2026, 3, 2), date(2029, 3, 1))
AGAIN = (date(2026, 5, 11), date(2029, 5, 10))
LOST_EVERY, RENEWED_EVERY = 29, 17


def demo_cards(people: Iterable[PersonPlan], workers: Iterable[Worker]) -> Iterator[Card]:
    """The cards of ``people``; the same every time, except for the tokens."""
    for at, (person, worker) in enumerate(zip(people, workers, strict=True)):
        count = 0
        places = sorted({post.grid_code for post in person.posts if post.public})
        served = min((post.since for post in person.posts), default=PRESENT[0])
        for place in places:
            for (issued, until), revoked in _history(at, served):
                count += 1
                yield Card(
                    worker_id=worker.id,
                    grid_code=place,
                    number=f"{person.number}-{count:02d}",
                    issued_on=issued,
                    expires_on=until,
                    revoked_on=revoked,
                    revoke_reason="lost" if revoked else None,
                    token=new_token(),
                )


def _history(at: int, served: date) -> list[tuple[tuple[date, date], date | None]]:
    """Terms of the cards of one person for one grid, each with the day it was revoked."""
    if at % LOST_EVERY == 7:
        return [(PRESENT, AGAIN[0]), (AGAIN, None)]
    if at % RENEWED_EVERY == 5 and served <= FIRST[0]:
        return [(FIRST, None), (PRESENT, None)]
    return [(PRESENT, None)]
