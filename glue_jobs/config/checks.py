"""Types of the texts and numbers in the configuration; error messages say what is allowed."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, Field, Strict

DEFAULT_LAYOUT = "{account}/{repository}/…"
# Queries compute with decimals of nine places, which can hold an exabyte at the highest price.
MIN_DOLLARS, MAX_DOLLARS = 1e-9, 1e6
REST = ("…", "...", "*")
PLACEHOLDERS = {"{account}": "account", "{repository}": "repository"}


def _layout(value: str) -> str:
    *parts, rest = value.split("/")
    if rest not in REST:
        raise ValueError(f"a layout ends in '/…' (or '/...', '/*'), as in {DEFAULT_LAYOUT}")
    placeholders = [part for part in parts if part in PLACEHOLDERS]
    if not placeholders or len(set(placeholders)) < len(placeholders):
        raise ValueError("a layout contains {account}, {repository} or both, each once")
    if parts[0] in ("", "s3:"):
        raise ValueError("a layout begins with the first folder of a key, without s3://, the bucket and a slash")
    for part in parts:
        if part not in PLACEHOLDERS and (part in REST or set(part) & set("{}")):
            raise ValueError(f"'{part}' cannot be a part of a layout; allowed: {{account}}, {{repository}}, fixed text")
    return value


def groups(regex: str) -> frozenset[str]:
    """Names of the groups of an RE2 expression; raises ValueError if the text is not one."""
    # Listing queries reads the prices of the configuration, and importing Arrow would slow it down.
    import pyarrow as pa
    import pyarrow.compute as pc

    return frozenset(field.name for field in pc.extract_regex(pa.array([""]), regex).type)


def _regex(value: str) -> str:
    try:
        unknown = sorted(groups(value) - {"account", "repository"})
    except ValueError as error:
        raise ValueError(f"not a regular expression in RE2 syntax whose groups are all named ({error})") from None
    if unknown:
        raise ValueError(f"group '{unknown[0]}' is unknown; allowed: account, repository")
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
    if value.endswith(":root"):
        raise ValueError("in a policy this is a whole account; write its 12 digits in 'accounts'")
    if re.search(r":role/.*/\*+$", value):
        # ARNs of assumed roles have no path: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
        raise ValueError("logs name a role without its path; write the role's name after the last '/', not only '*'")
    return value


def _caller(value: str) -> str:
    if not re.fullmatch(r"[0-9]{12}|[0-9a-f]{64}", value):
        raise ValueError("not an account id (12 digits) or a canonical user id (64 lower-case hexadecimal digits)")
    return value


def _access_point(value: str) -> str:
    if value.startswith("arn:") and ":accesspoint/" not in value:
        raise ValueError("not an access point; allowed: its ARN (arn:…:accesspoint/name), its name or its alias")
    return value


def _distribution(value: str) -> str:
    if not re.fullmatch(r"[0-9a-z]+[.]cloudfront[.](net|cn)(/([^/*]+/)+)?", value):
        raise ValueError(
            "not the domain that CloudFront gave a distribution, such as d111111abcdef8.cloudfront.net, or a folder"
            " of it: d111111abcdef8.cloudfront.net/tiles/"
        )
    return value


def _origin(value: str) -> str:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    if not re.fullmatch(r"[0-9a-z][0-9a-z.-]{1,61}[0-9a-z](/[^/]+)*", value) or ".amazonaws.com" in value:
        raise ValueError("not the name of a bucket, with the origin path behind it if there is one: example/public")
    return value


def prefix_text(value: str) -> str:
    """The beginning of keys as it is; raises ValueError for a form that other programs use and keys do not have."""
    if "\0" in value:
        raise ValueError("a prefix cannot contain a NUL character")
    if value.startswith("s3://") or value.endswith("*"):
        raise ValueError("a prefix is the beginning of keys, such as acme/rain/, without the bucket and '*'")
    return value


def _prefix(value: str) -> str:
    if value.startswith("/"):
        raise ValueError("keys begin without a slash: acme/rain/; those that have one can be matched by a regex")
    return prefix_text(value)


def bucket_name(value: str) -> str:
    """The name as it is; raises ValueError for an address or an ARN."""
    if "/" in value or ":" in value:
        raise ValueError("not the name of a bucket, which has no s3://, no ARN and no prefix")
    return value


def _dollars(value: float) -> float:
    if value and not MIN_DOLLARS <= value <= MAX_DOLLARS:
        raise ValueError("a price is 0, or from 0.000000001 to 1,000,000 US dollars")
    return value


Text = Annotated[str, Field(min_length=1)]
Dollars = Annotated[float, Strict(), AfterValidator(_dollars)]
LayoutText = Annotated[str, AfterValidator(_layout)]
RegexText = Annotated[str, AfterValidator(_regex)]
Prefix = Annotated[str, AfterValidator(_prefix)]
BucketName = Annotated[Text, AfterValidator(bucket_name)]
Caller = Annotated[str, AfterValidator(_caller)]
Principal = Annotated[str, AfterValidator(_principal)]
Cidr = Annotated[str, AfterValidator(_cidr)]
AccessPoint = Annotated[Text, AfterValidator(_access_point)]
Distribution = Annotated[str, AfterValidator(_distribution)]
Origin = Annotated[str, AfterValidator(_origin)]
