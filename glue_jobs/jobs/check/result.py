"""The result of one check: a sentence, and phrases for what is wrong."""

from __future__ import annotations

from dataclasses import dataclass

MAX_NAMES = 5


@dataclass(frozen=True)
class CheckResult:
    """The result of one check of a lake. If ``wrong`` is empty, ``sentence`` says what was compared.

    ``unfinished`` names runs that perhaps explain what is wrong: a run commits the ledger last.
    """

    subject: str
    sentence: str
    wrong: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the check found nothing wrong."""
        return not self.wrong

    def __str__(self) -> str:
        if self.holds:
            return f"ok     {self.subject}: {self.sentence}"
        further = len(self.wrong) - MAX_NAMES
        names = "; ".join(self.wrong[:MAX_NAMES]) + (f"; and {further:,} more" if further > 0 else "")
        if self.unfinished:
            runs = " and ".join(self.unfinished)
            names += f". Not finished: {runs}, which may explain it; if it was killed, the next run finishes its commit"
        return f"WRONG  {self.subject}: {names}"
