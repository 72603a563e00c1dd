"""Imports: files become rows, as a batch that can be taken back as a whole.

``run_import`` and ``undo_import`` are the two verbs; ``KINDS`` are the kinds of files.
"""

from portal.rules.imports.engine import run_import
from portal.rules.imports.kinds import KINDS
from portal.rules.imports.report import REASONS, Report, write_rejects
from portal.rules.imports.undo import REFUSALS, UndoReport, undo_import
from portal.rules.imports.work import Options

__all__ = [
    "KINDS",
    "REASONS",
    "REFUSALS",
    "Options",
    "Report",
    "UndoReport",
    "run_import",
    "undo_import",
    "write_rejects",
]
