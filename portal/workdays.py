"""The working days of China: five days a week, less public holidays, plus the days that are worked
in exchange (调休).

Years that the State Council has announced come from ``chinesecalendar``. Later years come from the
station's table; as long as it does not cover a year, only the statutory holidays are known
(``holidays``), and whoever asks is told so (``WorkCalendar.unsure``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

import chinese_calendar
import holidays
from chinese_calendar import constants

SATURDAY = 5
MOST_DAYS_OFF = 366
LIBRARY_YEARS = frozenset(day.year for day in constants.holidays)


@dataclass(frozen=True)
class WorkCalendar:
    """Which days people work. ``table``: days that the station entered, working or not; they go
    before everything else. Loaded once per request or job, then asked as often as needed.
    """

    table: Mapping[date, bool] = field(default_factory=dict)
    _known: dict[date, bool] = field(default_factory=dict, compare=False, repr=False)

    def working(self, day: date) -> bool:
        """Whether people work on ``day``, adjusted days included."""
        known = self._known.get(day)
        if known is None:
            known = self._known[day] = self._judged(day)
        return known

    def _judged(self, day: date) -> bool:
        if day in self.table:
            return self.table[day]
        if day.year in LIBRARY_YEARS:
            return bool(chinese_calendar.is_workday(day))
        return day.weekday() < SATURDAY and day not in self._statutory(day.year)

    def holiday(self, day: date) -> bool:
        """Whether ``day`` is off by announcement, not just because it is a weekend."""
        if day in self.table:
            return not self.table[day]
        if day.year in LIBRARY_YEARS:
            return day in constants.holidays
        return day in self._statutory(day.year)

    def adjusted(self, day: date) -> bool:
        """Whether ``day`` lies on a weekend and is worked all the same."""
        return day.weekday() >= SATURDAY and self.working(day)

    def next(self, day: date) -> date:
        """The first working day after ``day``; ``day`` itself if there is none within a year."""
        return self._nearest(day, timedelta(days=1))

    def previous(self, day: date) -> date:
        """The last working day before ``day``; ``day`` itself if there is none within a year."""
        return self._nearest(day, timedelta(days=-1))

    def _nearest(self, day: date, step: timedelta) -> date:
        found = day
        for _turn in range(MOST_DAYS_OFF):
            found += step
            if self.working(found):
                return found
        return day

    def _statutory(self, year: int) -> frozenset[date]:
        """Statutory holidays of a year, days in lieu included while nobody knows better."""
        return statutory(year, in_lieu=not self._covered(year))

    def _covered(self, year: int) -> bool:
        """Whether the table speaks of every statutory holiday of ``year`` on a weekday."""
        days = [d for d in statutory(year, in_lieu=False) if d.weekday() < SATURDAY]
        return bool(days) and all(day in self.table for day in days)

    def unsure(self, first: date, last: date) -> tuple[int, ...]:
        """The years from ``first`` to ``last`` whose adjusted days nobody has told us."""
        years = range(first.year, last.year + 1)
        return tuple(y for y in years if y not in LIBRARY_YEARS and not self._covered(y))


@lru_cache(maxsize=64)
def statutory(year: int, *, in_lieu: bool) -> frozenset[date]:
    """Public holidays by law; ``in_lieu`` adds the weekdays for those that fall on a weekend."""
    return frozenset(holidays.country_holidays("CN", years=year, observed=in_lieu))


def source() -> str:
    """What the calendar rests on apart from the table; another text means another calendar."""
    return f"{max(LIBRARY_YEARS)} {holidays.__version__}"
