"""The configuration file: what may stand in it, its defaults, and one clear sentence for every mistake."""

from __future__ import annotations

import csv
import io
import ipaddress
import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.compute as pc
import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Strict,
    Tag,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from glue_jobs.errors import StorageError, UsageLakeError

Read = Callable[[str], bytes]
"""Bytes of a file named relative to the configuration file; raises OSError or StorageError when it cannot be read."""

DEFAULT_LAYOUT = "{account}/{repository}/…"
REST = ("…", "...", "*")
PLACEHOLDERS = {"{account}": "account", "{repository}": "repository"}


class ConfigError(UsageLakeError):
    """One sentence: the file, the line, what is wrong there and what is allowed."""


class Section(BaseModel):
    """A mapping of the file; a key it does not know is a mistake."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _knows_its_keys(cls, value: Any) -> Any:
        unknown = next((key for key in value if key not in cls.model_fields), None) if isinstance(value, dict) else None
        if unknown is not None:
            allowed = ", ".join(cls.model_fields)
            raise PydanticCustomError("unknown_key", "allowed: {allowed}", {"key": unknown, "allowed": allowed})
        return value


def _layout(value: str) -> str:
    *parts, rest = value.split("/")
    if rest not in REST:
        raise ValueError(f"a layout ends in '/…' (or '/...', '/*'), as in {DEFAULT_LAYOUT}")
    named = [part for part in parts if part in PLACEHOLDERS]
    if not named or len(set(named)) < len(named):
        raise ValueError("a layout holds {account}, {repository} or both, each once")
    odd = next((part for part in parts if part not in PLACEHOLDERS and (part in REST or set(part) & set("{}"))), None)
    if odd is not None:
        raise ValueError(f"'{odd}' cannot be a part of a layout; allowed: {{account}}, {{repository}}, fixed text")
    return value


def _groups(regex: str) -> frozenset[str]:
    return frozenset(field.name for field in pc.extract_regex(pa.array([""]), regex).type)


def _regex(value: str) -> str:
    try:
        unknown = sorted(_groups(value) - {"account", "repository"})
    except pa.ArrowInvalid as error:
        raise ValueError(f"not a regular expression of RE2 with named groups only ({error})") from None
    if unknown:
        raise ValueError(f"group '{unknown[0]}' is not known here; allowed: account, repository")
    return value


def _cidr(value: str) -> str:
    try:
        ipaddress.ip_network(value)
    except ValueError as error:
        raise ValueError(f"not an address range such as 192.0.2.0/24 or 2001:db8::/32 ({error})") from None
    return value


def _principal(value: str) -> str:
    if not value.startswith("arn:") or value.count(":") < 5:
        raise ValueError("not an ARN such as arn:aws:iam::111122223333:role/Loader ('*' matches any text)")
    if re.search(r":role/.*/\*+$", value):
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html: no path in assumed-role ARNs.
        raise ValueError("logs name a role without its path, so name the role after the last '/' (more than '*')")
    return value


def _caller(value: str) -> str:
    if not re.fullmatch(r"[0-9]{12}|[0-9a-f]{64}", value):
        raise ValueError("not an account id (12 digits) or a canonical user id (64 lower-case hexadecimal digits)")
    return value


def _access_point(value: str) -> str:
    if value.startswith("arn:") and ":accesspoint/" not in value:
        raise ValueError("not an access point; allowed: its ARN (arn:…:accesspoint/name), its name or its alias")
    return value


def _prefix(value: str) -> str:
    if "\0" in value:
        raise ValueError("a prefix cannot hold a NUL character")
    return value


Text = Annotated[str, Field(min_length=1)]
Dollars = Annotated[float, Strict(), Field(ge=0, allow_inf_nan=False)]
Prefix = Annotated[str, AfterValidator(_prefix)]
Caller = Annotated[str, AfterValidator(_caller)]


@dataclass(frozen=True)
class PrefixFile:
    """The rows of a CSV of prefixes, column by column; absent cells are None."""

    prefixes: tuple[str, ...]
    accounts: tuple[str | None, ...]
    repositories: tuple[str | None, ...]
    buckets: tuple[str | None, ...]


def _csv_rows(name: Any, info: ValidationInfo, *headers: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Place ("file, line n") and cells of each row; the header is one of ``headers``."""
    if not isinstance(name, str) or not isinstance(info.context, dict):
        raise ValueError("must be the name of a CSV file, relative to the configuration file")
    try:
        lines = csv.reader(io.StringIO(info.context["read"](name).decode("utf-8-sig"), newline=""), strict=True)
        header = next(lines, [])
        if ",".join(header) not in headers:
            raise ConfigError(f"{name}, line 1: the header must be {' or '.join(headers)}.")
        for cells in lines:
            place = f"{name}, line {lines.line_num}"
            if cells and len(cells) != len(header):
                raise ConfigError(f"{place}: {len(cells)} cells where the header has {len(header)}.")
            if cells:
                yield place, dict(zip(header, cells, strict=True))
    except (OSError, StorageError) as error:
        raise ValueError(f"cannot read '{name}' ({error})") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{name}: this is not UTF-8 text.") from None
    except csv.Error as error:
        raise ConfigError(f"{name}, line {lines.line_num}: this is not CSV ({error}).") from None


def _read_prefixes(name: Any, info: ValidationInfo) -> PrefixFile:
    if isinstance(name, PrefixFile):
        return name
    seen: dict[tuple[str, str | None], tuple[str | None, str | None]] = {}
    header = "prefix,account,repository"
    for place, row in _csv_rows(name, info, header, f"{header},bucket"):
        target = (row["account"] or None, row["repository"] or None)
        prefix = (row["prefix"], row.get("bucket") or None)
        if target == (None, None):
            raise ConfigError(f"{place}: the row needs an account, a repository or both.")
        if prefix in seen:
            raise ConfigError(f"{place}: prefix '{row['prefix']}' stands there twice.")
        if "\0" in row["prefix"]:
            raise ConfigError(f"{place}: a prefix cannot hold a NUL character.")
        seen[prefix] = target
    return PrefixFile(
        tuple(prefix for prefix, _ in seen),
        tuple(account for account, _ in seen.values()),
        tuple(repository for _, repository in seen.values()),
        tuple(bucket for _, bucket in seen),
    )


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
        raise NotImplementedError

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

    layout: Annotated[str, AfterValidator(_layout)]

    @property
    def parts(self) -> tuple[str, ...]:
        """The folders of the layout, without the rest."""
        return tuple(self.layout.split("/")[:-1])

    @property
    def finds(self) -> frozenset[str]:
        return frozenset(PLACEHOLDERS[part] for part in self.parts if part in PLACEHOLDERS)


class RegexRule(FindingRule):
    """Keys in which the RE2 expression matches; its groups ``account`` and ``repository`` name them."""

    regex: Annotated[str, AfterValidator(_regex)]

    @property
    def finds(self) -> frozenset[str]:
        return _groups(self.regex)


class CsvRule(Section):
    """Keys that start with a prefix of the CSV; the longest prefix wins."""

    csv: Annotated[PrefixFile, BeforeValidator(_read_prefixes)]
    bucket: Text | None = None


def _kind(**kinds: type[Section]) -> Discriminator:
    """Tells the kinds of a list's entries apart by the one key that only this kind has."""

    def kind(value: Any) -> str | None:
        keys = value if isinstance(value, dict) else ()
        found = [key for key, model in kinds.items() if key in keys or isinstance(value, model)]
        return f"{found[0]} entry" if len(found) == 1 else None

    message = f"must have exactly one of {', '.join(kinds)}"
    return Discriminator(kind, custom_error_type="kind", custom_error_message=message)


Rule = Annotated[
    # A blank in a tag: no key looks like it, so an error's location can be found in the file without it.
    Annotated[LayoutRule, Tag("layout entry")]
    | Annotated[PrefixRule, Tag("prefix entry")]
    | Annotated[RegexRule, Tag("regex entry")]
    | Annotated[CsvRule, Tag("csv entry")],
    _kind(layout=LayoutRule, prefix=PrefixRule, regex=RegexRule, csv=CsvRule),
]


class Subscriber(Section):
    """The name of a reader, by account id or canonical user id."""

    account: Caller
    name: Text


def _read_subscribers(name: Any, info: ValidationInfo) -> tuple[Subscriber, ...]:
    if isinstance(name, tuple):
        return name
    subscribers = []
    for place, row in _csv_rows(name, info, "account,name"):
        try:
            subscribers.append(Subscriber.model_validate(row))
        except ValidationError as error:
            raise ConfigError(f"{place}: {_what_is_wrong(error.errors()[0], None)}.") from None
    return tuple(subscribers)


class SubscriberFile(Section):
    """A CSV of subscribers."""

    csv: Annotated[tuple[Subscriber, ...], BeforeValidator(_read_subscribers)]


Subscribers = Annotated[
    Annotated[Subscriber, Tag("account entry")] | Annotated[SubscriberFile, Tag("csv entry")],
    _kind(account=Subscriber, csv=SubscriberFile),
]


class OwnTraffic(Section):
    """Who the publisher is: requests of these callers or addresses are flagged ``is_own``."""

    accounts: tuple[Caller, ...] = ()
    principals: tuple[Annotated[str, AfterValidator(_principal)], ...] = ()
    cidrs: tuple[Annotated[str, AfterValidator(_cidr)], ...] = ()


class StoragePrices(Section):
    """US dollars per GB and month by storage class; first tier, us-east-1 (https://aws.amazon.com/s3/pricing/)."""

    STANDARD: Dollars = 0.023
    INTELLIGENT_TIERING: Dollars = 0.023
    STANDARD_IA: Dollars = 0.0125
    ONEZONE_IA: Dollars = 0.01
    GLACIER_IR: Dollars = 0.004
    GLACIER: Dollars = 0.0036
    DEEP_ARCHIVE: Dollars = 0.00099
    EXPRESS_ONEZONE: Dollars = 0.11
    REDUCED_REDUNDANCY: Dollars = 0.024


class RequestPrices(Section):
    """US dollars per 1,000 requests of S3 Standard: ``write`` is PUT, COPY, POST and LIST, ``read`` all others."""

    read: Dollars = 0.0004
    write: Dollars = 0.005


class Prices(Section):
    """List prices in US dollars, for estimates; ``transfer_per_gb`` is to the internet, first tier."""

    storage_gb_month: StoragePrices = StoragePrices()
    requests_per_1000: RequestPrices = RequestPrices()
    transfer_per_gb: Dollars = 0.09


class Config(Section):
    """The whole configuration; ``Config()`` is what holds when there is no file."""

    datasets: tuple[Rule, ...] = (LayoutRule(layout=DEFAULT_LAYOUT),)
    access_points: Mapping[Annotated[Text, AfterValidator(_access_point)], Target] = Field(default_factory=dict)
    subscribers: tuple[Subscribers, ...] = ()
    own_traffic: OwnTraffic = OwnTraffic()
    prices: Prices = Prices()

    @property
    def subscriber_names(self) -> dict[str, str]:
        """Name by account; an account listed twice has the name that comes first."""
        files = (entry.csv if isinstance(entry, SubscriberFile) else (entry,) for entry in self.subscribers)
        return {
            subscriber.account: subscriber.name for entries in reversed([*files]) for subscriber in reversed(entries)
        }


def load_config(text: str, name: str, read: Read) -> Config:
    """The configuration that ``text`` holds; ``name`` is what messages call the file, ``read`` fetches its CSV files.

    Raises ConfigError, one sentence about the first mistake.
    """
    places: dict[Path, Place] = {}
    try:
        root = _compose(text)
        value = {} if root is None else _value(root, (), places)
        # A heading whose entries are all commented out counts as absent.
        given = {key: part for key, part in value.items() if part is not None} if isinstance(value, dict) else value
        return Config.model_validate(given, context={"read": read})
    except RecursionError:
        raise ConfigError(f"{name}: the lists and mappings are nested too deeply.") from None
    except _Mistake as mistake:
        raise _error(name, mistake.line, str(mistake)) from None
    except ValidationError as error:
        found = [(_place(detail, places), detail) for detail in error.errors()]
        place, detail = min(found, key=lambda pair: pair[0].line)
        raise _error(name, place.line, _what_is_wrong(detail, place)) from None


def _error(name: str, line: int, message: str) -> ConfigError:
    # The file's own text is quoted in messages, and may have several lines.
    return ConfigError(f"{name}, line {line}: {' '.join(message.splitlines())}.")


Path = tuple[Hashable, ...]


@dataclass(frozen=True)
class Place:
    """Where a value stands in the file, and its text as written (None for lists and mappings)."""

    line: int
    raw: str | None


class _Mistake(Exception):
    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def _compose(text: str) -> yaml.Node | None:
    try:
        for event in yaml.parse(text, yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise _Mistake(line, f"'*{event.anchor}' is an alias; write the value out")
        return yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(part for part in (error.problem, error.context) if part)
        raise _Mistake(mark.line + 1 if mark else 1, f"this is not YAML: {problem}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _Mistake(line, f"this is not YAML: the character U+{error.character:04X} is not allowed") from None


def _value(node: yaml.Node, path: Path, places: dict[Path, Place]) -> Any:
    """The Python value of a node; ``places`` learns where each part of it stands."""
    line = node.start_mark.line + 1
    places.setdefault(path, Place(line, node.value if isinstance(node, yaml.ScalarNode) else None))
    if isinstance(node, yaml.SequenceNode):
        return [_value(child, (*path, index), places) for index, child in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return dict(_pair(key, child, path, places) for key, child in node.value)
    try:
        return yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        # PyYAML lets through whatever its conversion of a number or a date stumbles over.
        raise _Mistake(line, f"{node.value!r} is not a value of YAML; put it in quotes if it is text") from None


def _pair(key: yaml.Node, child: yaml.Node, path: Path, places: dict[Path, Place]) -> tuple[str, Any]:
    line = key.start_mark.line + 1
    if key.tag != "tag:yaml.org,2002:str":
        hint = f'; put it in quotes: "{key.value}"' if isinstance(key, yaml.ScalarNode) else ""
        raise _Mistake(line, f"a name before ':' must be text{hint}")
    if (*path, key.value) in places:
        raise _Mistake(line, f"'{key.value}' is given twice")
    places[*path, key.value] = Place(line, child.value if isinstance(child, yaml.ScalarNode) else None)
    return key.value, _value(child, (*path, key.value), places)


def _place(error: ErrorDetails, places: dict[Path, Place]) -> Place:
    """Where the value stands that pydantic means, or the nearest part around it that is in the file."""
    path: Path = ()
    extra = (error["ctx"]["key"],) if error["type"] == "unknown_key" else ()
    for step in (*error["loc"], *extra):
        path = (*path, step) if (*path, step) in places else path
    return places.get(path, Place(1, None))


def _what_is_wrong(error: ErrorDetails, place: Place | None) -> str:
    """The mistake in words, without file and line."""
    steps = [step for step in error["loc"] if not str(step).endswith((" entry", "[key]"))]
    names = [step for step in steps if isinstance(step, str)]
    what = f"'{names[-1]}'" if names else "the file"
    if steps and isinstance(steps[-1], int):
        what = f"an entry of {what}"
    context = error.get("ctx", {})
    match error["type"]:
        case "unknown_key":
            return f"'{context['key']}' is not known here; allowed: {context['allowed']}"
        case "missing":
            return f"{what} is missing"
        case "string_type" if place and place.raw and error["input"] is not None:
            return f'{what} must be text, and without quotes this is not; write it in quotes: "{place.raw}"'
        case "string_type" | "string_too_short":
            return f"{what} must be text, and there is none"
        case "float_type" | "finite_number" | "greater_than_equal":
            return f"{what} must be a number of US dollars, 0 or more, without quotes"
        case "tuple_type":
            return f"{what} must be a list (lines that start with '- ')"
        case "model_type" | "model_attributes_type" | "mapping_type" | "dict_type":
            return f"{what} must be a mapping (lines such as 'name: value')"
        case "value_error":
            return f"{what}: {context['error']}"
        case "kind":
            return f"{what} {error['msg']}"
        case _:
            return f"{what}: {error['msg']}"
