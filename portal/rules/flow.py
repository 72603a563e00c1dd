"""The engine of every workflow: a table of steps says who may do what, when, and what it needs.

Buttons, rights, tests and the diagram in the documentation are read from the table. The engine
knows no table: what a step does to a row is a function that the table's own module names.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.errors import Forbidden, RuleError

NOT_NOW, NOT_YOU, NOT_SO = "not_now", "not_you", "not_so"


@dataclass(frozen=True)
class Party:
    """Who may do a step: ``holds`` answers for a case (a row and who acts)."""

    name: str
    label: Any
    holds: Callable[[Any], bool]


@dataclass(frozen=True)
class Guard:
    """What must be so: ``refuses`` gives a sentence where it is not, with what was filled in;
    ``field``: beside which it belongs.
    """

    name: str
    refuses: Callable[[Any, Mapping[str, Any]], Any]
    field: str | None = None


@dataclass(frozen=True)
class Step:
    """A move from one of ``sources`` to ``target``; without a target it is a mark, which leaves the
    state alone. ``needs`` must be filled in, ``takes`` may be.
    """

    name: str
    label: Any
    sources: frozenset[str]
    target: str | None
    by: tuple[Party, ...]
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    guards: tuple[Guard, ...] = ()
    at_rest: bool = False  # also while the clock stands still
    icon: str = "arrow-right"
    main: bool = False  # what one would do next
    help: Any = ""

    @property
    def fields(self) -> tuple[str, ...]:
        """Everything that may be filled in, in order."""
        return (*self.needs, *self.takes)


@dataclass(frozen=True)
class Refusal:
    """Why a step cannot be done: one of NOT_NOW, NOT_YOU, NOT_SO, and a sentence."""

    kind: str
    message: Any
    field: str | None = None


class Flow:
    """A table of steps. A case has ``state`` and ``at_rest`` (its clock stands still)."""

    def __init__(self, states: Mapping[str, Any], steps: Iterable[Step]) -> None:
        self.states = states
        self.steps = {step.name: step for step in steps}

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps.values())

    def refusal(self, name: str, case: Any, data: Mapping[str, Any]) -> Refusal | None:
        """Why ``case`` cannot take this step with what was filled in; None where it can."""
        step = self.steps[name]
        if not any(party.holds(case) for party in step.by):
            return Refusal(NOT_YOU, _l("This is not for you to do."))
        if case.state not in step.sources:
            state = self.states[case.state]
            return Refusal(NOT_NOW, _l("This cannot be done now: %(state)s.", state=state))
        if case.at_rest and not step.at_rest:
            return Refusal(NOT_NOW, _l("Its clock stands still: resume it first."))
        for guard in step.guards:
            message = guard.refuses(case, data)
            if message:
                return Refusal(NOT_SO, message, guard.field)
        return None

    def open_to(self, case: Any) -> list[Step]:
        """The steps that who acts may take now; what they still need is asked afterwards."""
        return [step for step in self if self.refusal(step.name, case, {}) is None]

    def check(self, name: str, case: Any, data: Mapping[str, Any]) -> Step:
        """The step, where it can be taken. Raises Forbidden or RuleError (with the field that is
        missing).
        """
        refused = self.refusal(name, case, data)
        if refused is not None and refused.kind == NOT_YOU:
            raise Forbidden(f"{name}: {refused.message}")
        if refused is not None:
            raise RuleError(refused.message, refused.field)
        step = self.steps[name]
        for field in step.needs:
            if data.get(field) in (None, "", []):
                raise RuleError(_l("Fill this in."), field)
        return step

    def diagram(self, words: Callable[[Any], str]) -> str:
        """The table as a state diagram in Mermaid; ``words`` turns a label into text."""
        lines = ["stateDiagram-v2"]
        lines += [f'    state "{words(label)}" as {name}' for name, label in self.states.items()]
        for step in self:
            if step.target is not None:
                told = f"{words(step.label)} ({', '.join(words(one.label) for one in step.by)})"
                lines += [
                    f"    {source} --> {step.target}: {told}"
                    for source in self.states
                    if source in step.sources
                ]
        return "\n".join(lines)
