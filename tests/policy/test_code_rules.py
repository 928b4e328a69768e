"""Rules about the code itself that no linter knows."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml

from order_sync.ledger.schema import metadata
from tests.policy.repository import CODE_FOLDERS, PACKAGE, ROOT, calls, python_files, shown, tree

LONGEST_FILE = 400
LONGEST_DAG_FILE = 90
LONGEST_FUNCTION = 40

#: Only these may ask what time it is: everything else is told, so that the same input gives the same bytes.
CLOCK_OWNERS = {PACKAGE / "flow.py"}
CLOCKS = re.compile(
    r"(?:datetime\.|^)(?:now|utcnow|today)$|datetime\.(?:date\.)?today$|date\.today$"
    r"|^time\.(?:time|time_ns|localtime|gmtime|ctime|strftime)$|utcnow$|func\.(?:now|current_timestamp)$"
)
MONEY_PLACES = tuple(
    f"plugins/order_sync/{name}" for name in ("contracts", "mapping", "transforms", "ledger", "reports", "operators")
)
GENERIC_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "lib", "core", "base_utils", "shared", "tools"}

#: What we never call a thing, and what we call it (docs/glossary.md). Partners' own field names are theirs.
SYNONYMS = {
    "merchant": "retailer",
    "tenant": "retailer",
    "fulfillment": "fulfilment",
    "fulfillments": "fulfilment",
    "pipeline": "flow",
    "workflow": "flow",
    "endless": "send sale",
    "aisle": "send sale",
    "warehouse": "facility",
    "deadletter": "exception",
    "dlq": "exception",
    "dedup": "repeat",
    "dedupe": "repeat",
    "skipped": "left out",
    "ignored": "left out",
}


@pytest.mark.parametrize("folder", CODE_FOLDERS)
def test_no_file_is_too_long_to_read_at_once(folder: str) -> None:
    limit = LONGEST_DAG_FILE if folder == "dags" else LONGEST_FILE
    lengths = {shown(path): path.read_text(encoding="utf-8").count("\n") for path in python_files(folder)}
    assert {name: length for name, length in lengths.items() if length > limit} == {}


@pytest.mark.parametrize("folder", ["plugins", "sandbox", "demo"])
def test_no_function_is_too_long_to_read_at_once(folder: str) -> None:
    """Migrations are left alone: a table is as long as its columns are many."""
    lengths = {
        f"{shown(path)}: {node.name}": _length(node)
        for path in python_files(folder)
        if "migrations" not in path.parts
        for node in _functions(path)
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_dag_files_are_tables_of_contents() -> None:
    """No logic: what varies is data, what happens is an operator."""
    logic = (ast.If, ast.Try, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.While, ast.Lambda, ast.IfExp)
    found = [
        f"{shown(path)}:{node.lineno} {type(node).__name__}"
        for path in python_files("dags")
        for node in ast.walk(tree(path))
        if isinstance(node, logic)
    ]
    assert found == []


def test_only_the_command_line_prints() -> None:
    """Everything else logs."""
    found = _called(("plugins", "dags"), lambda name: name == "print")
    assert [one for one in found if not one.startswith("plugins/order_sync/__main__.py")] == []


def test_production_code_asserts_nothing() -> None:
    """``python -O`` drops assertions; what must hold is an error with a next step."""
    found = [
        f"{shown(path)}:{node.lineno}"
        for path in python_files("plugins", "dags", "sandbox")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Assert)
    ]
    assert found == []


def test_time_is_an_argument() -> None:
    places = tuple(shown(path) for path in python_files("plugins", "dags") if path not in CLOCK_OWNERS)
    assert _called(places, lambda name: bool(CLOCKS.search(name))) == []


@pytest.mark.parametrize(
    "call",
    [
        "datetime.now",
        "datetime.datetime.now",
        "datetime.utcnow",
        "date.today",
        "time.time",
        "timezone.utcnow",
        "sa.func.now",
    ],
)
def test_clocks_are_recognised(call: str) -> None:
    assert CLOCKS.search(call)


@pytest.mark.parametrize("call", ["time.monotonic", "time.sleep", "run.now", "file.mtime.timestamp"])
def test_what_is_no_clock_is_let_through(call: str) -> None:
    assert not CLOCKS.search(call)


def test_money_is_never_turned_into_a_float() -> None:
    """A float may carry an amount through the JSON parser, see docs/decisions/0003-money.md; no code makes one."""
    found = [
        f"{shown(path)}:{call.lineno}"
        for path in python_files(*MONEY_PLACES)
        for name, call in calls(path)
        if name in {"float", "round"} and not (call.args and isinstance(call.args[0], ast.Constant))
    ]
    assert found == []


def test_ledger_keeps_no_floats() -> None:
    inexact = (sa.Float, sa.Numeric, sa.REAL, sa.Double)
    assert [
        str(column) for table in metadata.tables.values() for column in table.c if isinstance(column.type, inexact)
    ] == []


@pytest.mark.parametrize("folder", CODE_FOLDERS)
def test_modules_are_named_after_what_they_hold(folder: str) -> None:
    assert [shown(path) for path in python_files(folder) if path.stem in GENERIC_NAMES] == []


@pytest.mark.parametrize("folder", ["plugins", "dags", "demo"])
def test_one_word_per_idea_in_code(folder: str) -> None:
    """The sandbox is left alone: it plays the partners and speaks their words."""
    wrong = {
        f"{shown(path)}:{line} {name}: say {SYNONYMS[word]}"
        for path in python_files(folder)
        for line, name in _names(path)
        for word in _words(name)
        if word in SYNONYMS
    }
    assert wrong == set()


def test_one_word_per_idea_in_settings_and_mappings() -> None:
    wrong = {
        f"{shown(path)}: {key}: say {SYNONYMS[word]}"
        for path in sorted((ROOT / "include").rglob("*.yaml"))
        for key in _keys(yaml.safe_load(path.read_text(encoding="utf-8")))
        for word in _words(key)
        if word in SYNONYMS
    }
    assert wrong == set()


def _called(places: tuple[str, ...], wanted: Callable[[str], bool]) -> list[str]:
    return [
        f"{shown(path)}:{call.lineno} {name}"
        for path in python_files(*places)
        for name, call in calls(path)
        if wanted(name)
    ]


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Its lines without the docstring: words for the reader make no function long."""
    docstring = _span(node.body[0]) if ast.get_docstring(node) else 0
    return _span(node) - docstring


def _span(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _names(path: Path) -> Iterator[tuple[int, str]]:
    """Names that the file itself gives to things."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr


def _keys(content: object) -> Iterator[str]:
    if isinstance(content, dict):
        yield from map(str, content)
    for child in content.values() if isinstance(content, dict) else content if isinstance(content, list) else ():
        yield from _keys(child)


def _words(name: str) -> list[str]:
    """``fooBar_baz`` is foo, bar and baz."""
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]
