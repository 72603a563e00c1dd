"""Forms of the register that somebody asked for: each in the name of that person, never as the
portal, so that nobody outside their grids stands on it.
"""

from collections.abc import Callable
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _

from portal import scope
from portal.documents.homes import render_book, render_cards
from portal.errors import OutOfScope, RuleError
from portal.models import Household
from portal.rules import audit, home_papers, importing, sealedfiles, tasks
from portal.rules.home_papers import BOOK, CARD, CARDS, Order
from portal.rules.tasks import Progress

RENDER: dict[str, Callable[[Any], tuple[bytes, int]]] = {
    CARD: render_cards,
    CARDS: render_cards,
    BOOK: render_book,
}


def draw(progress: Progress) -> None:
    """Draw what the task asks for; again after a crash it draws it again."""
    order, session = Order(**progress.params), progress.session
    identity = importing.identity_of(session, progress.user_id)
    progress.begin(1)
    with scope.acting(identity), force_locale(order.lang):
        try:
            record = home_papers.load(session, order)
        except OutOfScope as refusal:
            raise RuleError(home_papers.GONE) from refusal
        data, _pages = RENDER[order.paper](record)
        name = (
            _("Register of the floating population")
            if order.paper == BOOK
            else _("Household register card")
        )
        file = tasks.folder(progress.task_id) / f"{order.paper}.pdf{sealedfiles.ENDING}"
        sealedfiles.write(file, data)
        entry = {"row_id": order.household, "row_label": str(name), "grid_code": order.grid}
        audit.record_bulk(session, "export", Household.__tablename__, [entry])
        progress.conclude({}, 1, 0, (file, f"{name}-{record.name}.pdf".replace("/", "_")))
