"""What the policy tests look at: the files of this repository, read as text or as syntax trees."""

from __future__ import annotations

import ast
import functools
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "plugins/order_sync"
CODE_FOLDERS = ("plugins", "dags", "sandbox", "demo", "benchmarks", "tests")


class Imported(NamedTuple):
    """One import.

    :param module: the dotted name; of ``from a import b`` both ``a`` and ``a.b``.
    """

    path: Path
    line: int
    module: str

    def __str__(self) -> str:
        return f"{shown(self.path)}:{self.line} imports {self.module}"


def shown(path: Path) -> str:
    """A path as a person would type it here."""
    return str(path.relative_to(ROOT))


@functools.cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def python_files(*places: str) -> list[Path]:
    """Every Python file below some folders, or the files themselves; paths start at the root.

    :raises FileNotFoundError: a place does not exist, so that a rule never guards nothing.
    """
    found: list[Path] = []
    for place in places:
        path = ROOT / place
        if not path.exists():
            raise FileNotFoundError(f"{place} does not exist; correct the policy test that names it.")
        found += [path] if path.is_file() else sorted(path.rglob("*.py"))
    return found


def imports(path: Path) -> Iterator[Imported]:
    """Every import of a file, also those inside functions; relative ones are written out."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Imported(path, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = _base(path, node)
            yield Imported(path, node.lineno, base)
            for alias in node.names:
                yield Imported(path, node.lineno, f"{base}.{alias.name}")


def imported(places: tuple[str, ...], packages: tuple[str, ...]) -> list[str]:
    """The imports of some packages below some places, in words."""
    return [
        str(one)
        for path in python_files(*places)
        for one in imports(path)
        if any(within(one.module, package) for package in packages)
    ]


def within(module: str, package: str) -> bool:
    """Whether a module is a package or lies in it."""
    return module == package or module.startswith(f"{package}.")


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call of a file with the dotted name of what is called, blank where it has none."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield dotted(node.func), node


def dotted(node: ast.expr) -> str:
    """``a.b.c`` of an expression that is just names, blank for any other."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return ""


def texts(path: Path) -> Iterator[str]:
    """Every text constant of a Python file, docstrings included."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@functools.cache
def repository_files() -> tuple[Path, ...]:
    """Every file that is in git or would be added to it, as far as it exists."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    paths = (ROOT / name for name in listed.stdout.decode().split("\0") if name)
    return tuple(sorted(path for path in paths if path.is_file()))


def _base(path: Path, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = list(path.relative_to(ROOT).parts[: -node.level])
    parts = parts[1:] if parts[:1] == ["plugins"] else parts
    return ".".join([*parts, *([node.module] if node.module else [])])
