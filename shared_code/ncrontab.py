"""NCRONTAB, the language of timer triggers, as the host's library reads it.

The library is NCrontab; what it does is followed here where one would not expect it, too: the ends
of a range that runs backwards are swapped, a step of 0 counts as 1, and a name is any beginning of
an English one. It knows no ``?``, ``L`` or ``W``, and Sunday is 0 only.
"""

from __future__ import annotations

from dataclasses import dataclass

_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""Days of each month, in a leap year."""


@dataclass(frozen=True, slots=True)
class ScheduleField:
    what: str
    least: int
    most: int
    names: tuple[str, ...] = ()

    def parse(self, text: str) -> list[int]:
        """Returns the values of a field, in order. Raises ValueError that names the wrong part."""
        values = {value for part in text.split(",") for value in self._parse_part(part)}
        return sorted(values)

    def _parse_part(self, text: str) -> range:
        span, slash, step_text = text.partition("/")
        step = max(1, _parse_step(step_text)) if slash else 1
        if span == "*":
            return range(self.least, self.most + 1, step)
        start_text, dash, end_text = span.partition("-")
        start = self._parse_value(start_text)
        if dash:
            start, end = sorted((start, self._parse_value(end_text)))
        else:
            end = self.most if slash else start
        return range(start, end + 1, step)

    def _parse_value(self, text: str) -> int:
        if _is_number(text):
            value = int(text)
            if self.least <= value <= self.most:
                return value
            raise ValueError(f"{value} is no {self._description}")
        for at, name in enumerate(self.names):
            if text and name.startswith(text.lower()):
                return at + self.least
        raise ValueError(f"{text!r} is no {self._description}")

    @property
    def _description(self) -> str:
        or_name = ", or a name" if self.names else ""
        return f"{self.what}: {self.least} to {self.most}{or_name}"


FIELDS = (
    ScheduleField("second", 0, 59),
    ScheduleField("minute", 0, 59),
    ScheduleField("hour", 0, 23),
    ScheduleField("day of the month", 1, 31),
    ScheduleField("month", 1, 12, _MONTHS),
    ScheduleField("day of the week", 0, 6, _DAYS),
)


def parse_schedule(text: str) -> list[list[int]]:
    """Returns the values of the six fields, seconds first.

    Raises ValueError that says what is wrong. (The host takes five fields, too, minutes first,
    which a reader would take for something else.)
    """
    parts = [part for part in text.split(" ") if part]
    if len(parts) != len(FIELDS):
        raise ValueError("must have six fields, seconds first, such as 0 0 3 * * *")
    values = [field.parse(part) for field, part in zip(FIELDS, parts, strict=True)]
    days, months = values[3], values[4]
    if days[0] > max(_LONGEST[month - 1] for month in months):
        raise ValueError(f"there is no such day: day {days[0]} in none of these months")
    return values


def _parse_step(text: str) -> int:
    if not _is_number(text):
        raise ValueError(f"{text!r} is no step")
    return int(text)


def _is_number(text: str) -> bool:
    """Returns whether .NET would read it as a number of 32 bits; a sign is of no use here."""
    return text.isascii() and text.isdecimal() and len(text) < 10
