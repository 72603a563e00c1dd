"""Imports: files become rows, as a batch that can be taken back as a whole.

``run_import`` and ``undo_import`` are the two verbs; ``KINDS`` are the kinds of files.
"""

from portal.rules.imports.engine import Upload, run_import, run_upload
from portal.rules.imports.kinds import KINDS
from portal.rules.imports.report import REASONS, Report, write_rejects
from portal.rules.imports.undo import UndoPlan, UndoReport, plan_undo, undo_import
from portal.rules.imports.undo_steps import REFUSALS
from portal.rules.imports.work import Options

__all__ = [
    "KINDS",
    "REASONS",
    "REFUSALS",
    "Options",
    "Report",
    "UndoPlan",
    "UndoReport",
    "Upload",
    "plan_undo",
    "run_import",
    "run_upload",
    "undo_import",
    "write_rejects",
]
