"""The YAML of the configuration file: its value, the line of each part, and the YAML features that are refused."""

from __future__ import annotations

from typing import Any

import yaml

from glue_jobs.config.mistakes import Mistake, Path, Place


def read_yaml(text: str, places: dict[Path, Place]) -> Any:
    """Parse the text; an empty text is an empty mapping. The place of each value is added to ``places``.

    Raises:
        Mistake: the text is not YAML, or has an alias, a repeated key or a key that is not text.
    """
    root = _compose(text)
    return {} if root is None else _value(root, (), places)


def _compose(text: str) -> yaml.Node | None:
    try:
        for event in yaml.parse(text, yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise Mistake(line, f"'*{event.anchor}' is an alias; write the value out")
        return yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(part for part in (error.problem, error.context) if part)
        raise Mistake(mark.line + 1 if mark else 1, f"this is not YAML: {problem}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Mistake(line, f"this is not YAML: the character U+{error.character:04X} is not allowed") from None


def _value(node: yaml.Node, path: Path, places: dict[Path, Place]) -> Any:
    """The Python value of a node; adds the place of each part to ``places``."""
    line = node.start_mark.line + 1
    places.setdefault(path, Place(line, node.value if isinstance(node, yaml.ScalarNode) else None))
    if isinstance(node, yaml.SequenceNode):
        return [_value(child, (*path, index), places) for index, child in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return dict(_pair(key, child, path, places) for key, child in node.value)
    try:
        return yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        # PyYAML lets any exception of its conversions to numbers and dates escape.
        raise Mistake(line, f"{node.value!r} is not a value of YAML; put it in quotes if it is text") from None


def _pair(key: yaml.Node, child: yaml.Node, path: Path, places: dict[Path, Place]) -> tuple[str, Any]:
    line = key.start_mark.line + 1
    if key.tag != "tag:yaml.org,2002:str":
        hint = f'; put it in quotes: "{key.value}"' if isinstance(key, yaml.ScalarNode) else ""
        raise Mistake(line, f"a name before ':' must be text{hint}")
    if (*path, key.value) in places:
        raise Mistake(line, f"'{key.value}' appears twice")
    places[*path, key.value] = Place(line, child.value if isinstance(child, yaml.ScalarNode) else None)
    return key.value, _value(child, (*path, key.value), places)
