"""The configuration file: what may stand in it, its defaults, and one clear sentence for every mistake."""

from __future__ import annotations

from pydantic import ValidationError

from glue_jobs.config.checks import DEFAULT_LAYOUT, PLACEHOLDERS
from glue_jobs.config.csv_files import PrefixFile, Read
from glue_jobs.config.mistakes import ConfigError, Mistake, Path, Place, place_of, what_is_wrong
from glue_jobs.config.model import (
    Config,
    OwnTraffic,
    Prices,
    RequestPrices,
    StoragePrices,
    Subscriber,
    SubscriberFile,
)
from glue_jobs.config.rules import CsvRule, LayoutRule, PrefixRule, RegexRule, Rule, Target
from glue_jobs.config.yaml_text import read_yaml

__all__ = [
    "DEFAULT_LAYOUT",
    "PLACEHOLDERS",
    "Config",
    "ConfigError",
    "CsvRule",
    "LayoutRule",
    "OwnTraffic",
    "PrefixFile",
    "PrefixRule",
    "Prices",
    "Read",
    "RegexRule",
    "RequestPrices",
    "Rule",
    "StoragePrices",
    "Subscriber",
    "SubscriberFile",
    "Target",
    "load_config",
]


def load_config(text: str, name: str, read: Read) -> Config:
    """The configuration that ``text`` holds; ``name`` is what messages call the file, ``read`` fetches its CSV files.

    Raises ConfigError, one sentence about the first mistake.
    """
    places: dict[Path, Place] = {}
    try:
        value = read_yaml(text, places)
        # A heading whose entries are all commented out counts as absent.
        given = {key: part for key, part in value.items() if part is not None} if isinstance(value, dict) else value
        return Config.model_validate(given, context={"read": read})
    except RecursionError:
        raise ConfigError(f"{name}: the lists and mappings are nested too deeply.") from None
    except Mistake as mistake:
        raise _error(name, mistake.line, str(mistake)) from None
    except ValidationError as error:
        found = [(place_of(detail, places), detail) for detail in error.errors()]
        place, detail = min(found, key=lambda pair: pair[0].line)
        raise _error(name, place.line, what_is_wrong(detail, place)) from None


def _error(name: str, line: int, message: str) -> ConfigError:
    # The file's own text is quoted in messages, and may have several lines.
    return ConfigError(f"{name}, line {line}: {' '.join(message.splitlines())}.")
