"""The rules that name the account and the repository of a key, as the configuration file holds them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Tag, model_validator

from glue_jobs.config.checks import PLACEHOLDERS, LayoutText, Prefix, RegexText, Text, groups
from glue_jobs.config.csv_files import PrefixFile, read_prefixes
from glue_jobs.config.section import Section, kind_of


class Target(Section):
    """The account and the repository (data set) something belongs to; at least one of them."""

    account: Text | None = None
    repository: Text | None = None

    @model_validator(mode="after")
    def _names_something(self) -> Target:
        if not (self.account or self.repository):
            raise ValueError("'account', 'repository' or both are missing")
        return self


class PrefixRule(Target):
    """Keys that start with ``prefix`` (of ``bucket``, if one is named)."""

    prefix: Prefix
    bucket: Text | None = None


class FindingRule(Section):
    """A rule that finds names in the key; a fixed account or repository stands in for one it does not look for."""

    account: Text | None = None
    repository: Text | None = None
    bucket: Text | None = None

    @property
    def finds(self) -> frozenset[str]:
        """Which of ``account`` and ``repository`` the key itself gives."""
        return frozenset()

    @model_validator(mode="after")
    def _names_each_once(self) -> FindingRule:
        twice = [name for name in sorted(self.finds) if getattr(self, name) is not None]
        if twice:
            raise ValueError(f"'{twice[0]}' is both found in the key and fixed; keep one of them")
        if not (self.finds or self.account or self.repository):
            raise ValueError("nothing names an account or a repository; add a group (?P<account>…) or fixed text")
        return self


class LayoutRule(FindingRule):
    """Keys whose folders are the account or the repository, e.g. ``{account}/{repository}/…``."""

    layout: LayoutText

    @property
    def parts(self) -> tuple[str, ...]:
        """The folders of the layout, without the rest."""
        return tuple(self.layout.split("/")[:-1])

    @property
    def finds(self) -> frozenset[str]:
        return frozenset(PLACEHOLDERS[part] for part in self.parts if part in PLACEHOLDERS)


class RegexRule(FindingRule):
    """Keys in which the RE2 expression matches; its groups ``account`` and ``repository`` name them."""

    regex: RegexText

    @property
    def finds(self) -> frozenset[str]:
        return groups(self.regex)


class CsvRule(Section):
    """Keys that start with a prefix of the CSV; the longest prefix wins."""

    csv: Annotated[PrefixFile, BeforeValidator(read_prefixes)]
    bucket: Text | None = None


Rule = Annotated[
    # A blank in a tag: no key looks like it, so an error's location can be found in the file without it.
    Annotated[LayoutRule, Tag("layout entry")]
    | Annotated[PrefixRule, Tag("prefix entry")]
    | Annotated[RegexRule, Tag("regex entry")]
    | Annotated[CsvRule, Tag("csv entry")],
    kind_of(layout=LayoutRule, prefix=PrefixRule, regex=RegexRule, csv=CsvRule),
]
