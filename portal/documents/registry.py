"""How each kind of document is drawn; what it is called and has stands in
``portal.rules.documents``, what it is made of in ``portal.rules.sources``.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.collector import uncollected
from portal.documents.archive import render_archive
from portal.documents.board import render_board
from portal.documents.cards import render_cards
from portal.documents.manual import render_manual
from portal.documents.plan import render_plan
from portal.documents.population import render_population
from portal.documents.sign import render_sign
from portal.errors import RuleError
from portal.models import IssuedDocument
from portal.rules import (
    archives,
    boards,
    card_papers,
    documents,
    manual,
    plans,
    population_report,
    signs,
)
from portal.rules.sources import SOURCES, Digest, Load


@dataclass(frozen=True)
class Drawing:
    """``load(session, grid_code, lang, subject)`` gives the record (raises OutOfScope, RuleError),
    ``render(record, edition, size)`` PDF bytes and pages, ``digest(record)`` what makes a version.
    """

    load: Load
    render: documents.Render
    digest: Digest = documents.digest_of


def _drawn(kind: str, render: documents.Render) -> Drawing:
    return Drawing(SOURCES[kind].load, uncollected()(render), SOURCES[kind].digest)


DRAWINGS: dict[str, Drawing] = {
    boards.KIND: _drawn(boards.KIND, render_board),
    signs.KIND: _drawn(signs.KIND, render_sign),
    plans.KIND: _drawn(plans.KIND, render_plan),
    card_papers.KIND: _drawn(card_papers.KIND, render_cards),
    archives.KIND: _drawn(archives.KIND, render_archive),
    manual.KIND: _drawn(manual.KIND, render_manual),
    population_report.KIND: _drawn(population_report.KIND, render_population),
}


def issue(
    session: Session, kind: str, grid_code: str, size: str, lang: str, subject: str = ""
) -> IssuedDocument:
    """The document of a grid as it stands today, issued anew if it changed; the caller commits.

    Raises OutOfScope for an unknown grid, RuleError where it cannot be issued or does not exist
    in this size.
    """
    spec, drawing = documents.SPECS[kind], DRAWINGS[kind]
    if size not in spec.sizes:
        raise RuleError(f"{kind}: {', '.join(spec.sizes)}", "size")
    record = drawing.load(session, grid_code, lang, subject)
    digest = drawing.digest(record)
    return documents.issue(session, spec, record, digest, size, drawing.render, subject)
