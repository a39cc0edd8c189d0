"""The section ``places``: the files and databases that requests are located with."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, ValidationInfo

from glue_jobs.config.checks import Text
from glue_jobs.config.section import Section

BUILTIN = "builtin"
"""The built-in database: the country in which each address is registered."""


def _label(value: str) -> str:
    if "/" in value:
        raise ValueError("a label has no '/', which separates it from a Region, as in AWS/us-east-2")
    return value


def _located(value: Any, info: ValidationInfo) -> Any:
    """Resolve the name of a file, relative to the configuration file, to its address with ``locate`` of the context."""
    locate = info.context.get("locate") if isinstance(info.context, dict) else None
    return locate(value) if locate and value != BUILTIN else value


File = Annotated[Text, AfterValidator(_located)]


class Network(Section):
    """A file of address ranges, and the label of requests from them."""

    label: Annotated[Text, AfterValidator(_label)]
    file: File


class Places(Section):
    """``networks`` are searched first, then ``addresses``; the first entry with a match decides.

    ``addresses`` are MMDB files or ``builtin``.
    """

    addresses: tuple[File, ...] = (BUILTIN,)
    networks: tuple[Network, ...] = ()
