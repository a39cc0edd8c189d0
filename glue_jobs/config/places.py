"""The section ``places``: what tells where a request came from."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, ValidationInfo

from glue_jobs.config.checks import Text
from glue_jobs.config.section import Section

BUILTIN = "builtin"
"""The built-in database: the country that each address is registered in."""


def _label(value: str) -> str:
    if "/" in value:
        raise ValueError("a label has no '/', which separates it from a Region, as in AWS/us-east-2")
    return value


def _located(value: Any, info: ValidationInfo) -> Any:
    """The address of a file whose name is relative to the configuration file; the context has ``locate``."""
    locate = info.context.get("locate") if isinstance(info.context, dict) else None
    return locate(value) if locate and value != BUILTIN else value


File = Annotated[Text, AfterValidator(_located)]


class Network(Section):
    """A file of address ranges, and the label of requests from them."""

    label: Annotated[Text, AfterValidator(_label)]
    file: File


class Places(Section):
    """``networks`` are asked first, then ``addresses``; in both the first that knows an address decides.

    ``addresses`` are MMDB files, and ``builtin``.
    """

    addresses: tuple[File, ...] = (BUILTIN,)
    networks: tuple[Network, ...] = ()
