"""Every dependency is pinned, locked, used and accounted for."""

from __future__ import annotations

import functools
import re
import sys
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest

from tests.policy.repository import CODE_FOLDERS, ROOT, imports, python_files, within

PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==([^\s;\\]+)", re.MULTILINE)
FILES = ("requirements", "requirements-dev")
DECISION = ROOT / "docs/decisions/0002-dependencies.md"
#: Used without an import: commands, stubs of types, the form for connections of type ``http`` in the UI, and the driver
#: that SQLAlchemy finds by its name in a URL.
NOT_IMPORTED = {"apache-airflow-providers-http", "mypy", "psycopg", "ruff", "types-pyyaml", "pytest-xdist", "uv"}
#: Imported here and brought by another package, which requires it; both are locked.
BROUGHT_BY = {
    "cryptography": "asyncssh",
    "jinja2": "apache-airflow-core",
    "numpy": "pandas",
    "paramiko": "apache-airflow-providers-sftp",
    "pyjwt": "apache-airflow-core",
    "requests": "apache-airflow-providers-http",
    "urllib3": "requests",
}
OUR_OWN = {"order_sync", "sandbox", "demo", "benchmarks", "tests", "conftest"}


def _name(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


def _pins(path: Path) -> dict[str, str]:
    """Versions by normalised name."""
    return {_name(name): version for name, version in PIN.findall(path.read_text(encoding="utf-8"))}


DIRECT = {file: _pins(ROOT / f"{file}.txt") for file in FILES}
ALL_DIRECT = sorted(DIRECT["requirements"] | DIRECT["requirements-dev"])


@pytest.mark.parametrize("file", FILES)
def test_every_line_is_a_pin(file: str) -> None:
    lines = [line.split("#")[0].strip() for line in (ROOT / f"{file}.txt").read_text(encoding="utf-8").splitlines()]
    loose = [line for line in lines if line and not PIN.fullmatch(line) and not line.startswith("-r ")]
    assert loose == []


@pytest.mark.parametrize("file", FILES)
def test_lock_holds_the_pinned_versions(file: str) -> None:
    locked = _pins(ROOT / f"{file}.lock")
    wanted = DIRECT[file]
    assert {name: locked.get(name) for name in wanted} == wanted, "run `make lock`"


def test_both_locks_agree() -> None:
    platform, everything = (_pins(ROOT / f"{file}.lock") for file in FILES)
    assert {name: everything.get(name) for name in platform} == platform


@pytest.mark.parametrize("file", FILES)
def test_lock_has_a_hash_for_everything(file: str) -> None:
    text = (ROOT / f"{file}.lock").read_text(encoding="utf-8")
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
    bare = [entry.split()[0] for entry in entries if PIN.match(entry) and "--hash=sha256:" not in entry]
    assert bare == []


@pytest.mark.parametrize("file", FILES)
def test_lock_names_no_place_to_download_from(file: str) -> None:
    """Where packages come from is the machine's own setting."""
    text = (ROOT / f"{file}.lock").read_text(encoding="utf-8")
    assert re.findall(r"^.*(?:index-[u]rl|find-[l]inks|https?://|file:).*$", text, re.MULTILINE) == []


@pytest.mark.parametrize("name", [*ALL_DIRECT, *BROUGHT_BY])
def test_decision_says_why_it_is_here(name: str) -> None:
    assert name in _told(), f"docs/decisions/0002-dependencies.md has no line for {name}"


def test_decision_tells_of_nothing_that_is_gone() -> None:
    assert _told() == {*ALL_DIRECT, *BROUGHT_BY}


@pytest.mark.parametrize(("name", "bringer"), BROUGHT_BY.items())
def test_what_is_not_declared_comes_for_certain(name: str, bringer: str) -> None:
    """A package that only happens to be there may leave; one that another requires may not."""
    required = [line for line in requires(bringer) or [] if "extra ==" not in line]
    assert name in {_name(re.split(r"[^\w.-]", line)[0]) for line in required}


@pytest.mark.parametrize("name", ALL_DIRECT)
def test_what_is_declared_is_used(name: str) -> None:
    modules = {module for module, owners in _distributions().items() if name in owners}
    used = _imported_modules()
    users = {one for one in used for module in modules if within(one, module)}
    if name == "apache-airflow":
        users = {one for one in used if within(one, "airflow.sdk")}
    elif name.startswith("apache-airflow-providers-"):
        provider = name.removeprefix("apache-airflow-providers-").replace("-", ".")
        users = {one for one in users if within(one, f"airflow.providers.{provider}")}
    assert users or name in NOT_IMPORTED, f"nothing imports {name}"


@pytest.mark.parametrize(
    ("places", "files"),
    [(("plugins", "dags"), ("requirements",)), (CODE_FOLDERS, FILES)],
    ids=["platform", "everything"],
)
def test_what_is_imported_is_declared(places: tuple[str, ...], files: tuple[str, ...]) -> None:
    declared = {name for file in files for name in DIRECT[file]}
    used: dict[str, str] = {}
    for path in python_files(*places):
        for one in imports(path):
            top = one.module.split(".")[0]
            if top and top not in sys.stdlib_module_names and top not in OUR_OWN:
                owners = {"apache-airflow"} if top == "airflow" else _distributions().get(top, {top})
                if not owners & {*declared, *BROUGHT_BY}:
                    used[top] = str(one)
    assert used == {}


def _told() -> set[str]:
    """The packages that the decision explains."""
    return {_name(told) for told in re.findall(r"^\| `([^`]+)` \|", DECISION.read_text(encoding="utf-8"), re.MULTILINE)}


@functools.cache
def _distributions() -> dict[str, set[str]]:
    """The packages that bring each top module."""
    return {module: set(map(_name, owners)) for module, owners in packages_distributions().items()}


@functools.cache
def _imported_modules() -> frozenset[str]:
    return frozenset(one.module for path in python_files(*CODE_FOLDERS) for one in imports(path))
