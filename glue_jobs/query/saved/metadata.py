"""The models of a saved query's ``metadata.yaml`` and ``cases.yaml``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from glue_jobs.query.saved.files import QueryArgumentError

if TYPE_CHECKING:
    from glue_jobs.config import Prices

ParameterValue = str | date | int | float
Text = Annotated[str, Field(min_length=1)]


def _bigint(text: str) -> int:
    number = int(text)
    if not -(2**63) <= number < 2**63:
        raise ValueError(text)
    return number


def _dollars(text: str) -> float:
    # Only queries with prices have numbers of this type, and their defaults need the configuration too.
    from glue_jobs.config.checks import Dollars

    return TypeAdapter(Dollars).validate_python(float(text))


_READ_VALUE: dict[str, Callable[[str], ParameterValue]] = {
    "string": str,
    "date": date.fromisoformat,
    "bigint": _bigint,
    "double": _dollars,
}

# What a caller is told that a parameter of the type must be.
_NAMES = {"double": "number of US dollars from 0 to 1,000,000"}


class Strict(BaseModel):
    """Keys without a default are required, unknown ones refused; YAML numbers and dates are not taken for text."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _price(name: str, prices: Prices) -> str:
    """The price, without an exponent."""
    return format(Decimal(repr(float(attrgetter(name)(prices)))), "f")


class Parameter(Strict):
    """One ``?`` of the query. ``example`` and ``default`` are text, as a caller would type them.

    A parameter with a default is optional, and Athena's text of the query contains the default. ``price`` names the
    setting below ``prices`` of the configuration, such as ``requests_per_1000.read``, that published reports use. The
    default of a price is its list price.
    """

    name: Text
    type: Literal["string", "date", "bigint", "double"]
    description: Text
    example: Text
    default: Text | None = None
    price: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _list_price(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "price" not in value or "default" in value:
            return value
        # The configuration is imported for queries with prices only.
        from glue_jobs.config import Prices

        try:
            return {**value, "default": _price(value["price"], Prices())}
        except AttributeError:
            raise ValueError(f"there is no price {value['price']!r}") from None

    def priced(self, prices: Prices | None) -> str | None:
        """The text of the value if the caller gives none: the price in ``prices``, or the default."""
        if prices is None or self.price is None:
            return self.default
        return _price(self.price, prices)

    def read(self, text: str) -> ParameterValue:
        """Convert what a caller typed to the parameter's type; raises QueryArgumentError."""
        try:
            return _READ_VALUE[self.type](text)
        except ValueError:
            kind = _NAMES.get(self.type, self.type)
            message = f"parameter {self.name} must be a {kind} such as {self.example}, not {text!r}"
            raise QueryArgumentError(message) from None

    def literal(self, text: str) -> str:
        """What a caller typed as a literal of Athena's SQL; raises QueryArgumentError."""
        value = self.read(text)
        if isinstance(value, str):
            return "'" + value.replace("'", "''") + "'"
        return f"DATE '{value}'" if isinstance(value, date) else repr(value)


class ReturnedColumn(Strict):
    """One column of the result; ``type`` is Athena's name for its type."""

    name: Text
    type: Literal["string", "int", "bigint", "double", "boolean", "date", "timestamp"]
    description: Text


class Period(Strict):
    """First and last day that a query looks at, as SQL expressions of current_date that its text contains."""

    first: Text
    last: Text

    @property
    def ends_before_today(self) -> bool:
        """Whether the last day must be over: only complete days or months count, or some of the numbers need them."""
        return self.last != "current_date"


class Public(Strict):
    """What of a result the public tier may show: numbers of closed periods, each with the readers behind it.

    ``period`` is the column of the first days of months. ``breakdown`` is the column whose value is ``total`` in the
    one row of a whole month; the other rows of a month that have equal values there divide it. ``names`` are the
    columns that tell these apart. ``counts`` has the columns that are shown, each with the column of the number of
    distinct readers behind it. A column with itself is a number of people. The others must add up to the total.
    ``crossed`` is a breakdown that divides the month by two others at once. It is never shown: it tells which of their
    rows have numbers in common.
    """

    period: Text
    breakdown: Text
    names: Annotated[list[Text], Field(min_length=1)]
    counts: Annotated[dict[Text, Text], Field(min_length=1)]
    crossed: str = ""


class Metadata(Strict):
    """What a query reads, takes and returns; ``description`` says what its numbers mean and do not mean.

    ``show`` names the columns that a terminal shows, the most important first. ``totals`` names those whose values
    over all rows may be added up. Without ``public`` only the owner's tier shows the result.
    """

    title: Text
    show: list[Text] = []
    totals: list[Text] = []
    description: Text
    reads: Annotated[list[Text], Field(min_length=1)]
    period: Period
    parameters: list[Parameter]
    public: Public | None = None
    returns: Annotated[list[ReturnedColumn], Field(min_length=1)]

    @model_validator(mode="after")
    def _public_columns(self) -> Metadata:
        if self.public is None:
            return self
        declared = {self.public.period, self.public.breakdown, *self.public.names}
        declared.update(self.public.counts.keys(), self.public.counts.values())
        if unknown := declared - {column.name for column in self.returns}:
            raise ValueError(f"the query returns no column {min(unknown)!r}")
        return self


class Case(Strict):
    """With the rows ``given`` and ``today`` as current_date, the query returns the rows of ``expect`` in this order.

    ``given`` has the columns that matter for each table. Others are null, except for those derived from event_time
    and snapshot_time. A table that it does not name is empty.
    """

    name: Text
    today: date
    given: dict[str, list[dict[str, Any]]]
    parameters: dict[str, str]
    expect: list[dict[str, Any]]
