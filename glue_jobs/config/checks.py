"""The kinds of text and number the configuration holds, each refused with what is allowed instead."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AfterValidator, Field, Strict

DEFAULT_LAYOUT = "{account}/{repository}/…"
REST = ("…", "...", "*")
PLACEHOLDERS = {"{account}": "account", "{repository}": "repository"}


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


def groups(regex: str) -> frozenset[str]:
    """Names of the groups of an RE2 expression; raises pyarrow.ArrowInvalid for one it does not read."""
    return frozenset(field.name for field in pc.extract_regex(pa.array([""]), regex).type)


def _regex(value: str) -> str:
    try:
        unknown = sorted(groups(value) - {"account", "repository"})
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
LayoutText = Annotated[str, AfterValidator(_layout)]
RegexText = Annotated[str, AfterValidator(_regex)]
Prefix = Annotated[str, AfterValidator(_prefix)]
Caller = Annotated[str, AfterValidator(_caller)]
Principal = Annotated[str, AfterValidator(_principal)]
Cidr = Annotated[str, AfterValidator(_cidr)]
AccessPoint = Annotated[Text, AfterValidator(_access_point)]
