"""NCRONTAB schedules in UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_FIELDS: tuple[tuple[int, int, tuple[str, ...]], ...] = (
    *((0, 59, ()), (0, 59, ()), (0, 23, ())),
    *((1, 31, ()), (1, 12, _MONTHS), (0, 6, _DAYS)),
)
"""The lowest and the highest value of each field, seconds first, and the names of its values."""

_PART = re.compile(r"(\*|[^*/-]+)(?:-([^*/-]+))?(?:/([0-9]{1,9}))?")


def _expand_field(field: str, lowest: int, highest: int, names: tuple[str, ...]) -> list[int]:
    """Returns the values that a field stands for, as NCrontab reads it: the ends of a range may be
    swapped, a step of 0 is 1, and a name may be cut short. croniter accepts more than that, and
    reads some of it differently.

    (The app has a check of its own; the host knows nothing of the app that it runs.)
    """

    def parse_value(text: str) -> int:
        if re.fullmatch("[0-9]+", text):
            return int(text)
        return [name.startswith(text.lower()) for name in names].index(True) + lowest

    values: set[int] = set()
    for part in field.split(","):
        match = _PART.fullmatch(part)
        if match is None or (match[1] == "*" and match[2]):
            raise ValueError(part)
        if match[1] == "*":
            ends = [lowest, highest]
        else:
            first = parse_value(match[1])
            last = parse_value(match[2]) if match[2] else highest if match[3] else first
            ends = sorted((first, last))
        if ends[0] < lowest or ends[1] > highest:
            raise ValueError(part)
        values.update(range(ends[0], ends[1] + 1, max(1, int(match[3] or 1))))
    return sorted(values)


@dataclass(frozen=True, slots=True)
class TimerSchedule:
    """Six fields, seconds first; five fields begin with minutes, as in Azure's host."""

    expression: str
    _expanded: str
    """The same for croniter: every value of each field."""

    @classmethod
    def parse(cls, text: str) -> TimerSchedule:
        """Raises a ValueError for people, with an example of a schedule."""
        from croniter import CroniterError  # most apps have no timer

        parts = [part for part in text.split(" ") if part]
        if len(parts) == 5:
            parts.insert(0, "0")
        try:
            pairs = zip(parts, _FIELDS, strict=True)
            fields = [_expand_field(part, *limits) for part, limits in pairs]
            expanded = " ".join(",".join(map(str, values)) for values in fields)
            schedule = cls(" ".join(parts), expanded)
            schedule.next_after(datetime.now(UTC))
        except (ValueError, CroniterError) as exc:
            raise ValueError(
                f"{text!r} is not an NCRONTAB expression, such as 0 */5 * * * *"
            ) from exc
        return schedule

    def next_after(self, moment: datetime) -> datetime:
        """Returns the first occurrence after this moment. Where both day fields are set, both must
        match, as in NCrontab and unlike in cron."""
        from croniter import croniter

        occurrences = croniter(self._expanded, moment, second_at_beginning=True, day_or=False)
        occurrence: datetime = occurrences.get_next(datetime)
        return occurrence
