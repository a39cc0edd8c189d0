"""The rules of the configuration file that derive account and repository from a key."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Tag, model_validator

from glue_jobs.config.checks import PLACEHOLDERS, BucketName, LayoutText, Prefix, RegexText, Text, groups
from glue_jobs.config.csv_files import PrefixFile, read_prefixes
from glue_jobs.config.mapping import MappingRule
from glue_jobs.config.section import Section, kind_of


class Target(Section):
    """An account, a repository (data set), or both."""

    account: Text | None = None
    repository: Text | None = None

    @model_validator(mode="after")
    def _names_something(self) -> Target:
        if not (self.account or self.repository):
            raise ValueError("'account', 'repository' or both are missing")
        return self


class PrefixRule(Target):
    """Keys that start with ``prefix``, only in ``bucket`` if it is given."""

    prefix: Prefix
    bucket: BucketName | None = None


class FindingRule(Section):
    """A rule that takes names from the key; the account or repository can be fixed instead."""

    account: Text | None = None
    repository: Text | None = None
    bucket: BucketName | None = None

    @property
    def finds(self) -> frozenset[str]:
        """Which of ``account`` and ``repository`` come from the key."""
        return frozenset()

    @model_validator(mode="after")
    def _names_each_once(self) -> FindingRule:
        twice = [name for name in sorted(self.finds) if getattr(self, name) is not None]
        if twice:
            raise ValueError(f"'{twice[0]}' is both taken from the key and fixed; remove one of them")
        if not (self.finds or self.account or self.repository):
            raise ValueError("nothing names an account or a repository; add a group (?P<account>…) or fixed text")
        return self


class LayoutRule(FindingRule):
    """Keys whose folders are named after the account or the repository, such as ``{account}/{repository}/…``."""

    layout: LayoutText

    @property
    def parts(self) -> tuple[str, ...]:
        """The folders of the layout, without the ``…`` at its end."""
        return tuple(self.layout.split("/")[:-1])

    @property
    def finds(self) -> frozenset[str]:
        return frozenset(PLACEHOLDERS[part] for part in self.parts if part in PLACEHOLDERS)


class RegexRule(FindingRule):
    """Keys that the RE2 expression matches; its groups are ``account`` and ``repository``."""

    regex: RegexText

    @property
    def finds(self) -> frozenset[str]:
        return groups(self.regex)


class CsvRule(Section):
    """Keys that start with a prefix in the CSV file; the longest prefix wins."""

    csv: Annotated[PrefixFile, BeforeValidator(read_prefixes)]
    bucket: BucketName | None = None


Rule = Annotated[
    # pydantic adds the tag to the location of an error. No key of the file contains a blank, as the tags do.
    Annotated[LayoutRule, Tag("layout entry")]
    | Annotated[PrefixRule, Tag("prefix entry")]
    | Annotated[RegexRule, Tag("regex entry")]
    | Annotated[CsvRule, Tag("csv entry")]
    | Annotated[MappingRule, Tag("mapping entry")],
    kind_of(layout=LayoutRule, prefix=PrefixRule, regex=RegexRule, csv=CsvRule, mapping=MappingRule),
]
