"""Dates in the many styles that people write, and the same dates as ISO 8601 has them."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

FIRST, LAST = date(1900, 1, 1), date(2099, 12, 31)


def make_dates(n_samples: int, seed: int) -> tuple[list[str], list[str]]:
    """Draw days from two centuries, and a style for each.

    Where a style is all numbers, the order says which is which by its separator, as it does in the
    countries that write so: 22.11.2026, 11/22/2026, 2026/11/22.
    """
    rng = np.random.default_rng(seed)
    n_days = (LAST - FIRST).days + 1
    days = [FIRST + timedelta(days=int(n)) for n in rng.integers(n_days, size=n_samples)]
    styles = rng.integers(len(STYLES), size=n_samples)
    cases = rng.integers(len(CASES), size=n_samples)
    written = [
        CASES[case](STYLES[style](day))
        for day, style, case in zip(days, styles, cases, strict=True)
    ]
    return written, [day.isoformat() for day in days]


def _ordinal(number: int) -> str:
    teen = number // 10 == 1
    return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


STYLES = [
    lambda day: f"{day:%B} {day.day}, {day.year}",  # November 22, 2026
    lambda day: f"{day:%B} {_ordinal(day.day)}, {day.year}",
    lambda day: f"{day:%b} {day.day}, {day.year}",
    lambda day: f"{day:%b}. {day.day} {day.year}",
    lambda day: f"{day.day} {day:%B} {day.year}",
    lambda day: f"{day.day} {day:%b} {day.year}",
    lambda day: f"{_ordinal(day.day)} of {day:%B} {day.year}",
    lambda day: f"the {_ordinal(day.day)} of {day:%B}, {day.year}",
    lambda day: f"{day:%A}, {day.day} {day:%B} {day.year}",
    lambda day: f"{day:%a} {day:%b} {day.day} {day.year}",
    lambda day: f"{day:%A}, {day:%B} {day.day}, {day.year}",
    lambda day: f"{day.month}/{day.day}/{day.year}",
    lambda day: f"{day:%m/%d/%Y}",
    lambda day: f"{day.day}.{day.month}.{day.year}",
    lambda day: f"{day:%d.%m.%Y}",
    lambda day: f"{day:%Y/%m/%d}",
    lambda day: f"{day:%d-%b-%Y}",
    lambda day: f"{day:%Y%m%d}",
    lambda day: f"{day.year}, {day:%B} {day.day}",
    lambda day: f"{day:%d%b%Y}",
]
CASES = [str, str, str.lower, str.upper]
