"""What the folder of a saved query says beside its SQL: what it answers, takes and returns, and cases that hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from glue_jobs.query.saved.files import SavedQueryError

if TYPE_CHECKING:
    from glue_jobs.config import Prices

ParameterValue = str | date | int | float
Text = Annotated[str, Field(min_length=1)]

_READ_VALUE: dict[str, Callable[[str], ParameterValue]] = {
    "string": str,
    "date": date.fromisoformat,
    "bigint": int,
    "double": float,
}


class _Strict(BaseModel):
    """Every key required, none unknown; text must be text (YAML turns 012 into a number, 2024-03-01 into a date)."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Parameter(_Strict):
    """One ``?`` of the query. ``example`` and ``default`` are text, as a caller would type them.

    A parameter with a default may be left out, and its default stands in the text that Athena is given. ``price`` is
    where a configuration says what it is in published reports, below ``prices``, e.g. ``requests_per_1000.read``.
    """

    name: Text
    type: Literal["string", "date", "bigint", "double"]
    description: Text
    example: Text
    default: Text | None = None
    price: Text | None = None

    def priced(self, prices: Prices | None) -> str | None:
        """What it is when nobody gives it: what ``prices`` say, or else its default."""
        if prices is None or self.price is None:
            return self.default
        return repr(float(attrgetter(self.price)(prices)))

    def read(self, text: str) -> ParameterValue:
        """The value a caller typed, in the parameter's type; raises SavedQueryError."""
        try:
            return _READ_VALUE[self.type](text)
        except ValueError:
            message = f"parameter {self.name} must be a {self.type} such as {self.example}, not {text!r}"
            raise SavedQueryError(message) from None

    def literal(self, text: str) -> str:
        """The value a caller typed as Athena writes it in a query; raises SavedQueryError."""
        value = self.read(text)
        if isinstance(value, str):
            return "'" + value.replace("'", "''") + "'"
        return f"DATE '{value}'" if isinstance(value, date) else repr(value)


class ReturnedColumn(_Strict):
    """One column of the answer; ``type`` is Athena's name of it."""

    name: Text
    type: Literal["string", "int", "bigint", "double", "boolean", "date", "timestamp"]
    description: Text


class Metadata(_Strict):
    """What a query answers, what it reads, takes and returns; ``description`` says what the numbers do not mean too."""

    title: Text
    description: Text
    reads: Annotated[list[Text], Field(min_length=1)]
    parameters: list[Parameter]
    returns: Annotated[list[ReturnedColumn], Field(min_length=1)]


class Case(_Strict):
    """Given these rows and this day as current_date, the query returns exactly these rows in this order.

    ``given`` holds, per table, only the columns that matter; the others are null, and the columns
    derived from event_time follow it, and snapshot_date follows snapshot_time.
    """

    name: Text
    today: date
    given: dict[str, list[dict[str, Any]]]
    parameters: dict[str, str]
    expect: list[dict[str, Any]]
