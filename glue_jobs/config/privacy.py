"""The section ``privacy``: how addresses are stored, and what published numbers may reveal about individuals."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict

from glue_jobs.config.section import Section


class Rounding(Section):
    """Published counts of requests and people: hidden below ``minimum``, else rounded to a multiple of ``multiple``."""

    minimum: Annotated[int, Strict(), Field(ge=1)] = 50
    multiple: Annotated[int, Strict(), Field(ge=1)] = 20

    @property
    def hidden(self) -> str:
        """The placeholder of a hidden count."""
        return f"<{self.minimum}"

    def rounded(self, count: int) -> int | str:
        """The count as it is published; halves go to the even multiple."""
        return round(count / self.multiple) * self.multiple if count >= self.minimum else self.hidden

    def known_part(self, count: int) -> int:
        """The count as far as it is published: rounded, and 0 if it is hidden."""
        rounded = self.rounded(count)
        return rounded if isinstance(rounded, int) else 0


Addresses = Literal["keep", "keyed", "drop"]


class Privacy(Section):
    """How addresses are stored, and what published numbers may reveal.

    ``addresses`` decides what a lake stores of a reader's address:

    - ``keyed``: ``reader_id``, which cannot be turned into the address without the key, and ``remote_prefix``
    - ``keep``: the address as well
    - ``drop``: nothing

    The public tier hides every number of fewer than ``minimum_readers`` readers.
    """

    addresses: Addresses = "keyed"
    minimum_readers: Annotated[int, Strict(), Field(ge=2)] = 10
    rounding: Rounding = Rounding()
