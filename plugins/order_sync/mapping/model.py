"""The mapping language: what a file in include/mappings may say.

A mapping fills one target. Each of its columns names exactly one *source* and, if need be, what to do with the value::

    - name: shipment-method-type-id
      by: fact.fulfilment                       # one source per value of a fact
      cases:
        in_store: {constant: POS_COMPLETED}
        shipped: {lookup: shipping_method, key: order.shippingName, unknown: reject}
      default: STANDARD                         # when the value is blank
      required: true
      max_length: 20
      too_long: reject

A file may ``extend`` another one: it has all of that file's columns but those it is ``without``, some of them
``renamed``, and its own, each ``after`` the one it names.

There are no expressions: what cannot be said is either a fact (code with a test) or a function of the closed list.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Values
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from order_sync import yaml_file
from order_sync.mapping import lookups
from order_sync.mapping.lookups import Lookup

Type = Literal["text", "money", "number", "whole", "date"]
Function = Literal["negate", "upper", "lower"]

#: How the formats of a date column are written, and to how many milliseconds they are exact.
DATE_FORMATS: dict[str, tuple[str, int]] = {
    "MM/DD/YYYY": ("%m/%d/%Y", 86_400_000),
    "YYYY-MM-DD": ("%Y-%m-%d", 86_400_000),
    "YYYY-MM-DD HH:mm:ss": ("%Y-%m-%d %H:%M:%S", 1_000),
    "YYYY-MM-DDTHH:mm:ss": ("%Y-%m-%dT%H:%M:%S", 1_000),
    "DD/MM/YYYY": ("%d/%m/%Y", 86_400_000),
    "M/D/YYYY": ("%-m/%-d/%Y", 86_400_000),
    "D/M/YYYY": ("%-d/%-m/%Y", 86_400_000),
}
_NUMBER = re.compile(r"-?(0|[1-9]\d*)")


class Source(msgspec.Struct, forbid_unknown_fields=True, rename={"from_": "from", "with_": "with"}):
    """Where a value comes from: exactly one of ``from``, ``constant``, ``setting``, ``join``, ``lookup`` and ``by``.

    :param from_: a path, or several of which the first one that is not blank counts.
    :param constant: a fixed text.
    :param setting: a key of the retailer's ``values``.
    :param join: paths put together with ``with_`` between them.
    :param lookup: a table, asked for ``key``; ``unknown`` says what happens to a value that it does not hold.
    :param by: a fact that decides which of ``cases`` fills the column.
    """

    from_: str | list[str] | None = None
    constant: str | None = None
    setting: str | None = None
    join: list[str] | None = None
    with_: str = ""
    lookup: str | None = None
    key: str | None = None
    unknown: Literal["reject", "default", "pass"] | None = None
    by: str | None = None
    cases: dict[str, Source] | None = None

    def all_sources(self) -> Iterator[Source]:
        """This source and those of its cases."""
        yield self
        for case in (self.cases or {}).values():
            yield from case.all_sources()

    def paths(self) -> list[str]:
        """Every path that this source reads itself."""
        named = [self.from_] if isinstance(self.from_, str) else list(self.from_ or [])
        return [*named, *(self.join or []), *filter(None, (self.key, self.by))]


class Column(Source, kw_only=True):
    """One field of the target.

    :param name: its name there.
    :param type: how the value is written; ``money`` has exactly the decimals of the order's currency, ``number`` as
        many as it needs, at most four.
    :param format: for dates, ``MM/DD/YYYY`` and the like; ``format_setting`` takes it from the retailer's ``values``.
    :param functions: applied in turn.
    :param default: the text that stands in for a blank value.
    :param default_setting: the same, from the retailer's ``values``.
    :param required: a blank value rejects the order.
    :param missing: what the feed lacks then, in words for the report.
    :param max_length: the most characters; ``too_long`` says what happens to more.
    :param precision: the most digits of a ``number``, four of them decimals; more reject the order.
    :param after: in a file that extends another one: the column before it. Blank: it is the last one.
    """

    name: str
    type: Type = "text"
    format: str = ""
    format_setting: str | None = None
    functions: list[Function] = []
    default: str | None = None
    default_setting: str | None = None
    required: bool = False
    missing: str = ""
    max_length: int | None = None
    too_long: Literal["reject", "cut"] | None = None
    precision: int | None = None
    after: str = ""


class MappingFile(msgspec.Struct, forbid_unknown_fields=True):
    """One file of include/mappings.

    :param extends: the file (without its ending) whose columns it has as well; that one extends nothing itself.
    :param renamed: columns of that file, by their names there, with the names that they have here.
    :param without: columns of that file that it does not have.
    """

    target: str
    source: str
    columns: list[Column]
    extends: str = ""
    renamed: dict[str, str] = {}
    without: list[str] = []


@dataclass(frozen=True)
class Mapping:
    """A mapping that is known to be sound.

    :param version: checksum of the mapping file and every table it uses; kept with every batch and feed.
    """

    path: Path
    columns: tuple[Column, ...]
    lookups: dict[str, Lookup]
    version: str

    def paths(self) -> set[str]:
        """Every path that any column reads."""
        return {path for column in self.columns for source in column.all_sources() for path in source.paths()}


@dataclass(frozen=True)
class Vocabulary:
    """What a mapping may refer to.

    :param paths: known paths with the type of their values (an instant is written as a date).
    :param cases: for each fact that ``by`` may name, the values it can have.
    :param settings: keys of the retailer's ``values``.
    """

    paths: dict[str, Type]
    cases: dict[str, frozenset[str]]
    settings: frozenset[str]


def load(path: Path, vocabulary: Vocabulary, lookup_folder: Path, retailer: str) -> Mapping:
    """Read and check a mapping with its lookup tables.

    :raises Stop: anything in it is unknown, missing or contradictory; the message names file and line.
    """
    file, places = _file(path)
    columns, extended = list[Column](), path
    if file.extends:
        extended = path.with_name(f"{file.extends}.yaml")
        base, its_places = _file(extended)
        if base.extends:
            raise yaml_file.wrong(*places[".extends"], f"{file.extends} extends another file itself")
        _add(columns, base, its_places, vocabulary)
    columns = _taken_over(columns, file, places)
    _add(columns, file, places, vocabulary)
    tables: dict[str, Lookup] = {}
    for column in columns:
        for source in column.all_sources():
            if source.lookup and source.lookup not in tables:
                tables[source.lookup] = lookups.load(lookups.find(lookup_folder, retailer, source.lookup))
            if source.lookup and column.type == "whole":
                _check_numbers(tables[source.lookup])
    return Mapping(path, tuple(columns), tables, _version(dict.fromkeys((path, extended)), tables))


def _file(path: Path) -> tuple[MappingFile, dict[str, yaml_file.Place]]:
    content, places = yaml_file.load(path)
    return yaml_file.convert(content, MappingFile, path, places), places


def _taken_over(columns: list[Column], file: MappingFile, places: Values[str, yaml_file.Place]) -> list[Column]:
    """The columns of the extended file as the file itself has them.

    :raises Stop: it names a column that the extended file does not have, or gives two the same name.
    """
    names = {column.name for column in columns}
    named = {f".renamed.{name}": name for name in file.renamed}
    named |= {f".without[{at}]": name for at, name in enumerate(file.without)}
    for where, name in named.items():
        if name not in names:
            raise yaml_file.wrong(*places[where], f"there is no column {name} in a file that it extends")
    taken = [
        msgspec.structs.replace(column, name=file.renamed.get(column.name, column.name))
        for column in columns
        if column.name not in file.without
    ]
    for old, new in file.renamed.items():
        if [column.name for column in taken].count(new) > 1:
            raise yaml_file.wrong(*places[f".renamed.{old}"], f"the extended file would have {new} twice")
    return taken


def _add(
    columns: list[Column], file: MappingFile, places: Values[str, yaml_file.Place], vocabulary: Vocabulary
) -> None:
    """Put a file's columns where they belong among those that are there."""
    for index, column in enumerate(file.columns):
        names = [one.name for one in columns]
        problem = _problem(column, vocabulary)
        if column.name in names:
            problem = f"{column.name} is filled twice"
        elif column.after and (not file.extends or column.after not in names):
            problem = f"there is no column {column.after} in a file that it extends"
        if problem:
            raise yaml_file.wrong(*places[f".columns[{index}].name"], f"column {column.name}: {problem}")
        columns.insert(names.index(column.after) + 1 if column.after else len(columns), column)


def _check_numbers(table: Lookup) -> None:
    for line, value in enumerate(table.values.values(), start=2):
        if not _NUMBER.fullmatch(value):
            raise yaml_file.wrong(table.path, line, f"{value!r} is not a whole number")


def combined_version(*mappings: Mapping, tables: Iterable[Path], settings: msgspec.Struct) -> str:
    """The checksum of everything that decides a target's bytes: mappings, further tables and the flow's settings."""
    checksum = hashlib.sha256(msgspec.json.encode(settings, order="deterministic"))
    for mapping in mappings:
        checksum.update(mapping.version.encode())
    for table in tables:
        checksum.update(table.read_bytes())
    return checksum.hexdigest()[:16]


def _version(paths: Iterable[Path], tables: dict[str, Lookup]) -> str:
    checksum = hashlib.sha256()
    for path in paths:
        checksum.update(path.read_bytes())
    for name in sorted(tables):
        checksum.update(tables[name].path.read_bytes())
    return checksum.hexdigest()[:16]


def _problem(column: Column, vocabulary: Vocabulary) -> str:
    """What is wrong with a column, blank when nothing is."""
    if (column.max_length is None) != (column.too_long is None):
        return "max_length and too_long go together"
    if column.default is not None and column.default_setting is not None:
        return "it has two defaults"
    if column.default_setting is not None and column.default_setting not in vocabulary.settings:
        return f"the setting {column.default_setting} does not exist"
    if bool(column.format) + (column.format_setting is not None) != (column.type == "date"):
        return "a date needs a format, and nothing else has one"
    if column.format_setting is not None and column.format_setting not in vocabulary.settings:
        return f"the setting {column.format_setting} does not exist"
    if column.format and column.format not in DATE_FORMATS:
        return f"the format must be one of {', '.join(DATE_FORMATS)}"
    if "negate" in column.functions and column.type != "money":
        return "only money can be negated"
    if column.max_length is not None and column.max_length < 1:
        return "max_length must be at least 1"
    if column.type == "whole" and column.default is not None and not _NUMBER.fullmatch(column.default):
        return f"its default {column.default!r} is not a whole number"
    if column.missing and not column.required:
        return "only a required column has missing"
    if column.precision is not None and (column.type != "number" or not isinstance(column.from_, str)):
        return "only a number from one path has a precision"
    problems = (_source_problem(source, column, vocabulary) for source in column.all_sources())
    return next(filter(None, problems), "")


def _source_problem(source: Source, column: Column, vocabulary: Vocabulary) -> str:
    kinds = [source.from_, source.constant, source.setting, source.join, source.lookup, source.by]
    if sum(kind is not None for kind in kinds) != 1:
        return "it needs exactly one of from, constant, setting, join, lookup and by"
    if shape := _shape_problem(source):
        return shape
    if source.setting is not None and source.setting not in vocabulary.settings:
        return f"the setting {source.setting} does not exist"
    for path in source.paths():
        if path not in vocabulary.paths:
            return f"the path {path} is not known"
    for path in source.paths():
        wanted = column.type if source.from_ is not None else "text"
        if vocabulary.paths[path] != wanted:
            return f"{path} is {vocabulary.paths[path]}, but {wanted} is wanted"
    if source.lookup is not None and (source.key is None or source.unknown is None):
        return "a lookup needs a key, and unknown: reject, default or pass"
    if source.unknown == "default" and column.default is None and column.default_setting is None:
        return "unknown: default needs a default"
    if source.by is not None and frozenset(source.cases or {}) != vocabulary.cases.get(source.by):
        allowed = sorted(vocabulary.cases.get(source.by, ())) or "none: it is no fact with fixed values"
        return f"the cases of {source.by} are {allowed}"
    return ""


def _shape_problem(source: Source) -> str:
    """A part that is missing, or that belongs to another kind of source and would silently do nothing."""
    if source.from_ == [] or source.join == []:
        return "it needs at least one path"
    if source.cases is not None and source.by is None:
        return "only a source with by has cases"
    if source.lookup is None and (source.key is not None or source.unknown is not None):
        return "only a lookup has key and unknown"
    if source.with_ and source.join is None:
        return "only a join has with"
    return ""
