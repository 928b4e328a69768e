"""Read a YAML file into a typed structure; every error names the file and the line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from order_sync.errors import Stop

T = TypeVar("T")
_UNKNOWN = re.compile(r"unknown field `(.*)`")
_PATH = re.compile(r" - at `\$(.*)`$")


def load(path: Path) -> tuple[dict[str, Any], dict[str, int]]:
    """The content of a YAML file and the line of each of its values, by path (``.columns[3].name``).

    :raises Stop: the file is missing, is not YAML, repeats a key or is no mapping of keys to values.
    """
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise Stop(f"File {path} cannot be read: {error.strerror}.", next_step="Create it.") from error
    except yaml.YAMLError as error:
        raise Stop(f"File {path} is not YAML: {error}.", next_step="Mend the line that it names.") from error
    lines: dict[str, int] = {}
    content = _build(node, "", lines, path)
    if not isinstance(content, dict):
        raise Stop(f"File {path}: it must hold keys and values.", next_step="Compare it with default.yaml.")
    return content, lines


def convert(content: dict[str, Any], kind: type[T], path: Path, lines: dict[str, int]) -> T:
    """Check content against its structure.

    :raises Stop: a key is unknown or missing, or a value has the wrong type; the message names file and line.
    """
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        found = _PATH.search(str(error))
        where = found[1] if found else ""
        problem = _PATH.sub("", str(error))
        if unknown := _UNKNOWN.search(problem):
            where = f"{where}.{unknown[1]}"
        raise wrong(path, _line(where, lines), f"{where.lstrip('.') or 'file'}: {problem}") from error


def wrong(path: Path, line: int, problem: str) -> Stop:
    """The error for something wrong in a settings or mapping file."""
    return Stop(f"{path}:{line}: {problem}.", next_step="Correct that line.")


def _line(where: str, lines: dict[str, int]) -> int:
    """The line of the nearest enclosing value whose line is known."""
    while where and where not in lines:
        where = where[: max(where.rfind("."), where.rfind("["), 0)]
    return lines.get(where, 1)


def _build(node: yaml.Node | None, at: str, lines: dict[str, int], path: Path) -> Any:
    """Plain Python values, noting lines on the way."""
    if node is None:
        return None
    lines[at] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        return [_build(child, f"{at}[{index}]", lines, path) for index, child in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in result:
                raise wrong(path, key_node.start_mark.line + 1, f"the key {key} stands there twice")
            result[key] = _build(value_node, f"{at}.{key}", lines, path)
            lines[f"{at}.{key}"] = key_node.start_mark.line + 1
        return result
    return yaml.SafeLoader("").construct_object(node)


def merge(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """``changes`` laid over ``base``, key by key; lists and plain values are replaced whole."""
    merged = dict(base)
    for key, value in changes.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
