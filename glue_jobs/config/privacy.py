"""The section ``privacy``: what is stored of addresses, and what published numbers may show of single people."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict

from glue_jobs.config.section import Section


class Rounding(Section):
    """Published counts of requests and people: below ``minimum`` they are hidden, else a multiple of ``multiple``."""

    minimum: Annotated[int, Strict(), Field(ge=1)] = 50
    multiple: Annotated[int, Strict(), Field(ge=1)] = 20

    @property
    def hidden(self) -> str:
        """What stands for a hidden count."""
        return f"<{self.minimum}"

    def rounded(self, count: int) -> int | str:
        """The count as it is published; halves go to the even multiple."""
        return round(count / self.multiple) * self.multiple if count >= self.minimum else self.hidden

    def known_part(self, count: int) -> int:
        """What a reader knows of the count: 0 of a hidden one."""
        rounded = self.rounded(count)
        return rounded if isinstance(rounded, int) else 0


Addresses = Literal["keep", "keyed", "drop"]


class Privacy(Section):
    """What is stored of addresses, and what published numbers may show.

    Of the address of a reader a lake holds

    - ``keyed``: ``reader_id``, which nobody without the key can turn into the address, and ``remote_prefix``
    - ``keep``: the address too
    - ``drop``: nothing

    The public tier has no number of fewer than ``minimum_readers`` readers.
    """

    addresses: Addresses = "keyed"
    minimum_readers: Annotated[int, Strict(), Field(ge=2)] = 10
    rounding: Rounding = Rounding()
