"""Dates as records write them: EDTF (ISO 8601-2) level 0, as far as it names days."""

from __future__ import annotations

import calendar
import re
from typing import Annotated

from pydantic import AfterValidator

_EDTF_DAY = re.compile(r"^([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?$")


def edtf_bounds(value: str) -> tuple[str, str]:
    """Return first and last day, both YYYY-MM-DD, that an EDTF level 0 date or interval covers.

    Args:
        value: ``2017``, ``2017-07``, ``2017-07-06`` or two of them with a slash between.

    Raises:
        ValueError: not such a date, or no such day.
    """
    start, slash, end = value.partition("/")
    if slash and not end:
        raise ValueError("an interval has a date on both sides of the slash")
    first, last = _edtf_span(start), _edtf_span(end or start)
    if last[1] < first[0]:
        raise ValueError("the interval ends before it starts")
    return first[0], last[1]


def _edtf_span(value: str) -> tuple[str, str]:
    match = _EDTF_DAY.match(value)
    if not match:
        raise ValueError("a date is written 2017, 2017-07 or 2017-07-06 (or two with a slash)")
    year, month, day = match[1], match[2], match[3]
    if year == "0000" or (month and not 1 <= int(month) <= 12):
        raise ValueError(f"there is no such date as {value}")
    if month is None:
        return f"{year}-01-01", f"{year}-12-31"
    days = calendar.monthrange(int(year), int(month))[1]
    if day is None:
        return f"{year}-{month}-01", f"{year}-{month}-{days:02}"
    if not 1 <= int(day) <= days:
        raise ValueError(f"there is no such date as {value}")
    return value, value


def _edtf(value: str) -> str:
    edtf_bounds(value)
    return value


EdtfDate = Annotated[str, AfterValidator(_edtf)]


def _day(value: str) -> str:
    if edtf_bounds(value) != (value, value):
        raise ValueError("a day is written 2017-07-06")
    return value


Day = Annotated[str, AfterValidator(_day)]
"""One day, YYYY-MM-DD."""
