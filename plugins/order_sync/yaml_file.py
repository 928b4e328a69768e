"""Read a YAML file into a typed structure; every error names the file and the line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
import yaml

from order_sync.errors import Stop

T = TypeVar("T")
#: libyaml where it is there: every task reads its settings before it does anything else.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNKNOWN = re.compile(r"unknown field `(.*)`")
_PATH = re.compile(r" - at `\$(.*)`$")
_GOT = re.compile(r", got `(\w+)`$")
_KINDS = {"int": int, "float": float, "bool": bool, "null": type(None), "array": list, "object": dict, "str": str}


class Place(NamedTuple):
    """Where a value stands."""

    path: Path
    line: int


def load(path: Path) -> tuple[dict[str, Any], dict[str, Place]]:
    """The content of a YAML file and the place of each of its values, by path (``.columns[3].name``).

    :raises Stop: the file is missing, is not YAML, repeats a key or is no mapping of keys to values.
    """
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except OSError as error:
        raise Stop(f"File {path} cannot be read: {error.strerror}.", next_step="Create it.") from error
    except UnicodeDecodeError as error:
        raise Stop(f"File {path} is not UTF-8 text: {error}.", next_step="Save it as UTF-8.") from error
    except yaml.YAMLError as error:
        raise Stop(f"File {path} is not YAML: {error}.", next_step="Mend the line that it names.") from error
    places: dict[str, Place] = {}
    content = _build(node, "", places, path, yaml.SafeLoader(""))
    if not isinstance(content, dict):
        raise Stop(f"File {path}: it must hold keys and values.", next_step="Compare it with default.yaml.")
    return content, places


def convert(content: dict[str, Any], kind: type[T], path: Path, places: Mapping[str, Place]) -> T:
    """Check content against its structure.

    :param path: the file that is named where no better place is known.
    :param places: of the values; they may come from several files that were laid over each other.
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
        elif where.endswith("[...]"):
            where = _value_meant(where.removesuffix("[...]"), problem, content)
        place = _place(where, places) or Place(path, 1)
        raise wrong(*place, f"{where.lstrip('.') or 'file'}: {problem}") from error


def wrong(path: Path, line: int, problem: str) -> Stop:
    """The error for something wrong in a settings or mapping file."""
    return Stop(f"{path}:{line}: {problem}.", next_step="Correct that line.")


def _value_meant(where: str, problem: str, content: Any) -> str:
    """The path of the value of a mapping that is wrong: the check names the mapping and the value's type only."""
    for part in where.split(".")[1:]:
        content = content.get(part, {}) if isinstance(content, dict) else {}
    got = _GOT.search(problem)
    kind = _KINDS.get(got[1]) if got else None
    return next((f"{where}.{key}" for key, value in content.items() if type(value) is kind), where)


def _place(where: str, places: Mapping[str, Place]) -> Place | None:
    """The place of the nearest enclosing value whose place is known."""
    while where and where not in places:
        where = where[: max(where.rfind("."), where.rfind("["), 0)]
    return places.get(where)


def _build(node: yaml.Node | None, at: str, places: dict[str, Place], path: Path, scalars: yaml.SafeLoader) -> Any:
    """Plain Python values, noting places on the way.

    :param scalars: makes values of texts.
    """
    if node is None:
        return None
    line = node.start_mark.line + 1
    places[at] = Place(path, line)
    if isinstance(node, yaml.SequenceNode):
        return [_build(child, f"{at}[{index}]", places, path, scalars) for index, child in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, key_line = str(key_node.value), key_node.start_mark.line + 1
            if key in result:
                raise wrong(path, key_line, f"the key {key} stands there twice")
            result[key] = _build(value_node, f"{at}.{key}", places, path, scalars)
            places[f"{at}.{key}"] = Place(path, key_line)
        return result
    try:
        return scalars.construct_object(node)
    except (yaml.YAMLError, ValueError) as error:
        raise wrong(path, line, f"{at.lstrip('.')}: the value cannot be read ({error!s:.80})") from error


def merge(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """``changes`` laid over ``base``, key by key; lists and plain values are replaced whole."""
    merged = dict(base)
    for key, value in changes.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
