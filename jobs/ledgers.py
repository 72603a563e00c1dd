"""Ledgers on paper that somebody asked for: each in the name of that person, so that nothing stands
on it that they may not see.
"""

from datetime import date

from flask_babel import force_locale

from portal import scope
from portal.documents.ledger import render_ledger
from portal.errors import Forbidden, OutOfScope, RuleError
from portal.rules import importing, ledgers, sealedfiles, tasks
from portal.rules.ledgers import Order, books, period_of
from portal.rules.tasks import Progress


def draw(progress: Progress) -> None:
    """Draw what the task asks for; again after a crash it draws it again."""
    order, session = Order(**progress.params), progress.session
    identity = importing.identity_of(session, progress.user_id)
    progress.begin(1)
    with scope.acting(identity), force_locale(order.lang):
        try:
            record = ledgers.load(session, order)
        except (Forbidden, OutOfScope) as refusal:
            raise RuleError(ledgers.GONE) from refusal
        data, _pages = render_ledger(record)
        file = tasks.folder(progress.task_id) / f"ledger.pdf{sealedfiles.ENDING}"
        sealedfiles.write(file, data)
        period = period_of("", date.fromisoformat(order.first), date.fromisoformat(order.last))
        ledgers.note_export(session, books()[order.book], period, order.grid, "pdf")
        name = f"{record.title}-{record.grid}-{record.period}.pdf".replace("/", "_")
        progress.conclude({}, 1, 0, (file, name))
