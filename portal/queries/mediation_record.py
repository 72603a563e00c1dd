"""What the paper of a mediation file says: plain data between the SELECTs and the drawing."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PartyLine:
    """A party as the reader may see it: ``label`` is role and number within the file."""

    label: str
    name: str
    contact: str


@dataclass(frozen=True)
class SessionLine:
    """A session; ``when`` is worded, ``record`` empty where it has not been held."""

    when: str
    place: str
    there: str
    others: str
    record: str


@dataclass(frozen=True)
class TermLine:
    """A promise and what became of it; days are ISO or empty."""

    number: int
    who: str
    text: str
    due_on: str
    performance: str
    checked_on: str
    note: str


@dataclass(frozen=True)
class FilePaper:
    """A file in the language ``lang``, everything worded; days are ISO or empty. ``whole``: names
    and contacts are not masked. ``signed``: it ends with lines to sign on.
    """

    lang: str
    number: str
    order_number: str
    grid_name: str
    above: tuple[str, ...]
    url: str
    publisher: str
    printed_by: str
    day: str
    whole: bool
    signed: bool
    facts: tuple[tuple[str, str], ...]
    summary: str
    detail: str
    request: str
    parties: tuple[PartyLine, ...]
    sessions: tuple[SessionLine, ...]
    agreement: tuple[tuple[str, str], ...]
    terms: tuple[TermLine, ...]
    outcome: str
    told_ways: str
