"""The configuration file: its sections, their defaults, and one sentence for each mistake."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import ValidationError

from glue_jobs.config.checks import PLACEHOLDERS
from glue_jobs.config.csv_files import PrefixFile, Read
from glue_jobs.config.mapping import MappingRule
from glue_jobs.config.mistakes import ConfigError, Mistake, Path, Place, describe, place_of
from glue_jobs.config.model import Config, OwnTraffic
from glue_jobs.config.places import BUILTIN, Places
from glue_jobs.config.prices import Prices
from glue_jobs.config.privacy import Privacy, Rounding
from glue_jobs.config.rules import CsvRule, LayoutRule, PrefixRule, RegexRule, Target
from glue_jobs.config.yaml_text import read_yaml

__all__ = [
    "BUILTIN",
    "PLACEHOLDERS",
    "Config",
    "ConfigError",
    "CsvRule",
    "LayoutRule",
    "MappingRule",
    "OwnTraffic",
    "Places",
    "PrefixFile",
    "PrefixRule",
    "Prices",
    "Privacy",
    "RegexRule",
    "Rounding",
    "Target",
    "load_config",
]


def load_config(text: str, name: str, read: Read, locate: Callable[[str], str] = str) -> Config:
    """Parse the text of a configuration file.

    Messages call the file ``name``. ``read`` loads the CSV and JSON files it names; ``locate`` resolves other files.

    Raises:
        ConfigError: the file has a mistake; the message describes the first one.
    """
    places: dict[Path, Place] = {}
    try:
        value = read_yaml(text, places)
        # A section whose entries are all commented out has the value null.
        given = {key: part for key, part in value.items() if part is not None} if isinstance(value, dict) else value
        return Config.model_validate(given, context={"read": read, "locate": locate})
    except RecursionError:
        raise ConfigError(f"{name}: the lists and mappings are nested too deeply.") from None
    except Mistake as mistake:
        raise _error(name, mistake.line, str(mistake)) from None
    except ValidationError as error:
        found = [(place_of(detail, places), detail) for detail in error.errors()]
        place, detail = min(found, key=lambda pair: pair[0].line)
        raise _error(name, place.line, describe(detail, place)) from None


def _error(name: str, line: int, message: str) -> ConfigError:
    # Messages quote text of the file, which may span several lines.
    return ConfigError(f"{name}, line {line}: {' '.join(message.splitlines())}.")
