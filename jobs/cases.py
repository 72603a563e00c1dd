"""Files of matters: reminders of their days; the paper of a mediation file, in the name of whoever
asked for it, so that nothing stands on it that this person may not see.
"""

from flask_babel import force_locale
from flask_babel import gettext as _

from portal import clock, scope
from portal.documents.mediation import render_mediation
from portal.errors import OutOfScope, RuleError
from portal.extensions import db
from portal.models import MediationFile
from portal.rules import audit, case_round, importing, sealedfiles, tasks
from portal.rules.mediation import paper
from portal.rules.tasks import Progress


def remind(_slot: str) -> str:
    """The round of the days of files, as of today; what it did."""
    told = case_round.remind(db.session, clock.today())
    db.session.commit()
    return f"reminded {told}"


def draw(progress: Progress) -> None:
    """Draw the file that the task asks for; again after a crash it draws it again."""
    order, session = paper.Order(**progress.params), progress.session
    identity = importing.identity_of(session, progress.user_id)
    progress.begin(1)
    with scope.acting(identity), force_locale(order.lang):
        try:
            row = paper.find(session, order.file)
            record = paper.load(session, order)
        except OutOfScope as refusal:
            raise RuleError(paper.GONE) from refusal
        data, _pages = render_mediation(record)
        file = tasks.folder(progress.task_id) / f"mediation.pdf{sealedfiles.ENDING}"
        sealedfiles.write(file, data)
        entry = {"row_id": row.id, "row_label": row.number, "grid_code": row.grid_code}
        audit.record_bulk(session, "export", MediationFile.__tablename__, [entry])
        progress.conclude({}, 1, 0, (file, f"{_('Mediation file')}-{row.number}.pdf"))
