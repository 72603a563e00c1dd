"""At night only what is urgent leaves the portal; the rest waits for the morning."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal import clock

FROM, UNTIL = "messages.night_from", "messages.night_until"


@dataclass(frozen=True)
class Night:
    """From the hour ``begins`` to the hour ``ends`` on the community's wall clock; the same hour
    twice means that there is none.
    """

    begins: int
    ends: int

    def covers(self, moment: datetime) -> bool:
        """Whether ``moment`` lies in the night; its first minute does, the last is past it."""
        hour, begins, ends = clock.local(moment).hour, self.begins % 24, self.ends % 24
        if begins <= ends:
            return begins <= hour < ends
        return hour >= begins or hour < ends

    def earliest(self, moment: datetime, *, urgent: bool) -> datetime:
        """``moment``, or the end of the night it lies in for what is not urgent."""
        if urgent or not self.covers(moment):
            return moment
        local = clock.local(moment)
        end = local.replace(hour=self.ends % 24, minute=0, second=0, microsecond=0)
        return clock.aware(end if end > local else end + timedelta(days=1))


def night_of(numbers: Mapping[str, int]) -> Night:
    """The night that the settings say."""
    return Night(numbers[FROM], numbers[UNTIL])
