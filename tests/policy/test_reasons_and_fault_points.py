"""Codes and names that two sides have to agree on."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from order_sync.faults import POINTS
from order_sync.reasons import EXCLUSIONS, REASONS, Reason
from tests.policy.repository import PACKAGE, calls, python_files, shown, texts

CODE = re.compile(r"[A-Z]+(?:_[A-Z]+)+|RETURN")


def test_errors_use_known_reasons_only() -> None:
    unknown = {f"{where}: {code}" for where, code in _given_reasons() if code not in REASONS}
    assert unknown == set()


def test_reasons_are_given_somewhere() -> None:
    """Else the rule above would guard nothing."""
    assert len({code for _, code in _given_reasons()}) > 10


@pytest.mark.parametrize("code", sorted(REASONS))
def test_reason_is_used(code: str) -> None:
    assert code in _codes_in_code(), f"nothing gives the reason {code}: use it, or take it and its line in docs/ away"


@pytest.mark.parametrize("code", sorted(EXCLUSIONS))
def test_exclusion_is_used(code: str) -> None:
    assert code in _codes_in_code()


def test_no_code_means_two_things() -> None:
    assert REASONS.keys() & EXCLUSIONS.keys() == set()


@pytest.mark.parametrize(("code", "reason"), sorted((REASONS | EXCLUSIONS).items()))
def test_reason_speaks_to_a_person(code: str, reason: Reason) -> None:
    """The title heads a group in a mail, the next step is a sentence."""
    assert CODE.fullmatch(code)
    assert re.fullmatch(r"[A-Z].*[^.]", reason.title)
    assert re.fullmatch(r"[A-Z].*\.", reason.what_to_do, re.DOTALL)


def test_code_passes_exactly_the_listed_fault_points() -> None:
    passed = [
        (shown(path), call.args[0].value)
        for path in python_files("plugins")
        for name, call in calls(path)
        if name.split(".")[-1] == "point" and call.args and isinstance(call.args[0], ast.Constant)
    ]
    assert {point for _, point in passed} == set(POINTS), passed


@pytest.mark.parametrize("point", POINTS)
def test_a_test_kills_at_the_fault_point(point: str) -> None:
    """A place to die that no test dies at proves nothing."""
    users = [
        shown(path)
        for path in python_files("tests")
        if path.name not in {"test_faults.py", "test_reasons_and_fault_points.py"}
        for text in texts(path)
        if re.search(rf"\b{re.escape(point)}\b", text)
    ]
    assert users


def _given_reasons() -> Iterator[tuple[str, str]]:
    """The first argument of every ``BadInput(...)``, as far as it is written there."""
    for path in python_files("plugins"):
        for name, call in calls(path):
            if name.split(".")[-1] == "BadInput" and call.args:
                for node in ast.walk(call.args[0]):
                    if isinstance(node, ast.Constant) and isinstance(node.value, str):
                        yield f"{shown(path)}:{call.lineno}", node.value


def _codes_in_code() -> set[str]:
    """Every text of the platform that is nothing but a code."""
    places = [path for path in python_files("plugins") if path != PACKAGE / "reasons.py"]
    return {text for path in places for text in texts(path) if CODE.fullmatch(text)}
