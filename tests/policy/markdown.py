"""Reads the documentation: tables and examples by the mark above them, headings and links."""

from __future__ import annotations

import re
from pathlib import Path


def table(path: Path, mark: str) -> list[list[str]]:
    """The rows of the table below ``<!-- table: mark -->``, cells without backticks, without its head.

    :raises LookupError: there is no such table.
    """
    lines = _below(path, f"<!-- table: {mark} -->")
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows[2:]


def example(path: Path, mark: str) -> str:
    """The text of the code block below ``<!-- example: mark -->``.

    :raises LookupError: there is no such example.
    """
    lines = _below(path, f"<!-- example: {mark} -->")
    if not lines[0].startswith("```"):
        raise LookupError(f"{path.name}: no code block follows the mark {mark!r}")
    return "\n".join(lines[1 : lines.index("```")]) + "\n"


def first_cells(path: Path) -> list[str]:
    """The first cell of every row of every table."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.strip("|").split("|")[0].strip() for line in lines if line.startswith("| ")]


def codes(text: str) -> set[str]:
    """Everything in backticks."""
    return set(re.findall(r"`([^`\n]+)`", text))


def links(path: Path) -> list[str]:
    """Targets of the links, code blocks left out."""
    prose = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"\]\(([^)\s]+)\)", prose)


def anchors(path: Path) -> set[str]:
    """The anchors that GitHub gives the headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _below(path: Path, mark: str) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    if mark not in lines:
        raise LookupError(f"{path.name} has no line {mark}")
    return lines[lines.index(mark) + 1 :]
