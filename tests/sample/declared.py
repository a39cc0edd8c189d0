"""The days that the sample of the tests has."""

from __future__ import annotations

from datetime import date

LAST_DAY, DAYS = date(2026, 3, 10), 24
