"""Columns from the nested fields of an event: caller, connection, parameters, additionalEventData, resources.

AWS does not guarantee their contents. They are decoded as documented. If that fails, names are matched without regard
to case, and a value of another type becomes null: its JSON text is in another column of the row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from glue_jobs.read.framing.json_values import NOT_JSON

Kind = TypeVar("Kind", bound=msgspec.Struct)

ANONYMOUS = "anonymous"
_UNSIGNED = frozenset({"anonymous", "ANONYMOUS_PRINCIPAL"})
_ACCOUNT = re.compile(r"arn:[^:]*:[^:]*:[^:]*:(\d{12}):")


class EventData(msgspec.Struct, gc=False):
    """The fields of additionalEventData that have a column."""

    SignatureVersion: str | None = None
    CipherSuite: str | None = None
    AuthenticationMethod: str | None = None
    bytesTransferredIn: int | float | str | None = None
    bytesTransferredOut: int | float | str | None = None


class _KnownEventData(EventData, gc=False, forbid_unknown_fields=True):
    """All known fields of additionalEventData: an unknown name may be one of them in another spelling."""

    id_2: msgspec.Raw = msgspec.field(name="x-amz-id-2", default=msgspec.Raw())
    SSEApplied: msgspec.Raw = msgspec.Raw()
    aclRequired: msgspec.Raw = msgspec.Raw()
    objectRetentionInfo: msgspec.Raw = msgspec.Raw()


class Issuer(msgspec.Struct, gc=False):
    """The role or user that temporary credentials come from."""

    arn: str | None = None
    userName: str | None = None


class Session(msgspec.Struct, gc=False):
    """A session with temporary credentials."""

    sessionIssuer: Issuer | None = None


class Identity(msgspec.Struct, gc=False):
    """The fields of userIdentity that have a column."""

    type: str | None = None
    principalId: str | None = None
    arn: str | None = None
    accountId: str | None = None
    accessKeyId: str | None = None
    userName: str | None = None
    invokedBy: str | None = None
    sessionContext: Session | None = None


class Connection(msgspec.Struct, gc=False):
    """The fields of tlsDetails that have a column."""

    tlsVersion: str | None = None
    cipherSuite: str | None = None
    clientProvidedHostHeader: str | None = None


class Parameters(msgspec.Struct, gc=False):
    """The fields of requestParameters that have a column. ``bucketName`` may be a name, an alias or an ARN."""

    bucketName: str | None = None
    key: str | None = None
    Host: str | None = None
    host: str | None = None


class Resource(msgspec.Struct, gc=False):
    """An element of resources."""

    ARN: str | None = None
    arn: str | None = None
    ARNPrefix: str | None = None
    accountId: str | None = None


_ANY = msgspec.json.Decoder()
_KNOWN_EVENT_DATA = msgspec.json.Decoder(_KnownEventData)
_EVENT_DATA = msgspec.json.Decoder(EventData)
_IDENTITY = msgspec.json.Decoder(Identity)
_CONNECTION = msgspec.json.Decoder(Connection)
_PARAMETERS = msgspec.json.Decoder(Parameters)
_RESOURCES = msgspec.json.Decoder(list[Resource])
_NO_EVENT_DATA = EventData()
# A documented name in another case.
_NAMES = "|".join(EventData.__struct_fields__)
_OTHER_CASE = re.compile(f'"(?!(?:{_NAMES})")(?i:{_NAMES})"'.encode())


def event_data(raws: Sequence[msgspec.Raw]) -> list[EventData]:
    """The additionalEventData of each event."""
    found = documented_event_data(raws)
    return [each or _event_data_in_any_case(raw) for each, raw in zip(found, raws, strict=True)]


def documented_event_data(raws: Sequence[msgspec.Raw] | Sequence[bytes]) -> list[EventData | None]:
    """The same, but None for a text that is not JSON, or has a documented name in another case or with another type."""
    try:
        return list(map(_KNOWN_EVENT_DATA.decode, raws))
    except NOT_JSON:
        return list(map(_documented_event_data, raws))


def _documented_event_data(raw: msgspec.Raw | bytes) -> EventData | None:
    if not len(raw):
        return _NO_EVENT_DATA
    try:
        # An unknown name alone is no reason for None: when AWS adds a field, every event has it.
        found = _EVENT_DATA.decode(raw)
    except NOT_JSON:
        return None
    return None if _OTHER_CASE.search(raw) else found


def _event_data_in_any_case(raw: msgspec.Raw) -> EventData:
    fields = _fields(raw)
    found = _texts(EventData, fields)
    found.bytesTransferredIn = fields.get("bytestransferredin")
    found.bytesTransferredOut = fields.get("bytestransferredout")
    return found


def identity(text: str) -> Identity:
    """A userIdentity. The account of callers without credentials is ``anonymous``, that of AWS services is None."""
    try:
        found = _IDENTITY.decode(text)
    except NOT_JSON:
        found = _identity_in_any_case(text)
    if found.accountId in _UNSIGNED or (not found.accountId and found.principalId in _UNSIGNED):
        found.accountId = ANONYMOUS
    if not found.accountId and (account := _ACCOUNT.match(found.arn or "")):
        found.accountId = account[1]
    if found.type == "AWSService":
        found.accountId = None
    return found


def _identity_in_any_case(text: str) -> Identity:
    fields = _fields(text)
    issuer = _lower(_lower(fields.get("sessioncontext")).get("sessionissuer"))
    found = _texts(Identity, fields)
    found.sessionContext = Session(_texts(Issuer, issuer))
    return found


def connection(text: str) -> Connection:
    """The tlsDetails."""
    try:
        return _CONNECTION.decode(text)
    except NOT_JSON:
        return _texts(Connection, _fields(text))


def parameters(text: str) -> Parameters:
    """The requestParameters."""
    try:
        found = _PARAMETERS.decode(text)
    except NOT_JSON:
        found = _texts(Parameters, _fields(text))
    found.Host = found.Host or found.host
    return found


def resources(text: str) -> list[Resource]:
    """The resources; elements that are not JSON objects are left out."""
    try:
        return _RESOURCES.decode(text)
    except NOT_JSON:
        return [_texts(Resource, each) for each in _elements(text) if each]


def _any(text: str | msgspec.Raw) -> Any:
    """The value of a JSON text, which some tools put into a JSON string; None for any other text."""
    try:
        found = _ANY.decode(text)
        return _ANY.decode(found) if isinstance(found, str) else found
    except NOT_JSON:
        return None


def _fields(text: str | msgspec.Raw) -> dict[str, Any]:
    return _lower(_any(text))


def _elements(text: str) -> Iterable[dict[str, Any]]:
    found = _any(text)
    return map(_lower, found if isinstance(found, list) else [])


def _lower(value: Any) -> dict[str, Any]:
    """The fields of a JSON object by their names in lower case; no fields of any other value."""
    return {name.lower(): item for name, item in value.items()} if isinstance(value, dict) else {}


def _text(fields: dict[str, Any], name: str) -> str | None:
    value = fields.get(name)
    if isinstance(value, list) and len(value) == 1:
        # Older events have parameters as lists of one element.
        value = value[0]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


def _texts(kind: type[Kind], fields: dict[str, Any]) -> Kind:
    """A struct of texts, from fields by their names in lower case."""
    return kind(*(_text(fields, name.lower()) for name in kind.__struct_fields__))


def copy_source(text: str) -> str | None:
    """The value of the header x-amz-copy-source in an event's requestParameters."""
    return _text(_fields(text), "x-amz-copy-source")


def addendum(text: str) -> tuple[str | None, str | None]:
    """The reason and the originalEventID in the addendum of fields without a column."""
    fields = _lower(_fields(text).get("addendum"))
    return _text(fields, "reason"), _text(fields, "originaleventid")


def resource_owners(text: str) -> dict[str, str | None]:
    """The account of each bucket in resources, by the bucket's name; None where the event names no account."""
    owners: dict[str, str | None] = {}
    for fields in _elements(text):
        service, _, name = (_text(fields, "arn") or "").partition(":::")
        bucket = name.partition("/")[0]
        if service.endswith(":s3") and bucket:
            owners[bucket] = _text(fields, "accountid") or owners.get(bucket)
    return owners
