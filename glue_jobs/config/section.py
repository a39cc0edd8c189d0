"""The base of all mappings in the configuration file."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Discriminator, model_validator
from pydantic_core import PydanticCustomError


class Section(BaseModel):
    """A mapping in the file; an unknown key is a mistake."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _knows_its_keys(cls, value: Any) -> Any:
        unknown = next((key for key in value if key not in cls.model_fields), None) if isinstance(value, dict) else None
        if unknown is not None:
            allowed = ", ".join(cls.model_fields)
            raise PydanticCustomError("unknown_key", "allowed: {allowed}", {"key": unknown, "allowed": allowed})
        return value


def kind_of(**kinds: type[Section]) -> Discriminator:
    """Distinguishes the kinds of entries in a list by a key that only one kind has; tags end in " entry"."""

    def kind(value: Any) -> str | None:
        keys = value if isinstance(value, dict) else ()
        found = [key for key, model in kinds.items() if key in keys or isinstance(value, model)]
        return f"{found[0]} entry" if len(found) == 1 else None

    message = f"must have exactly one of {', '.join(kinds)}"
    return Discriminator(kind, custom_error_type="kind", custom_error_message=message)
