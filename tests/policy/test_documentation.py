"""What the documentation says is true: tables equal the code, examples work, links lead somewhere."""

from __future__ import annotations

import ast
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from order_sync import settings
from order_sync.flow import PARAMS
from order_sync.ledger import schema, states
from order_sync.mapping import model
from order_sync.mapping.model import Vocabulary
from order_sync.reasons import EXCLUSIONS, REASONS
from order_sync.transforms import tlog_vocabulary
from tests.policy import markdown
from tests.policy.repository import PACKAGE, ROOT, python_files, repository_files, shown, texts

README = ROOT / "README.md"
PAGE = ROOT / "docs/predictspring_order_sync.md"
LEDGER = ROOT / "docs/ledger.md"
INCLUDE = ROOT / "include"
PAGES = [path for path in repository_files() if path.suffix == ".md"]
DEFAULTS: dict[str, Any] = yaml.safe_load((INCLUDE / "retailers/default.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("mark", "reasons"), [("REASONS", REASONS), ("EXCLUSIONS", EXCLUSIONS)])
def test_table_of_reasons_is_that_of_the_code(mark: str, reasons: Mapping[str, Any]) -> None:
    told = [[code.strip("`"), *words] for code, *words in markdown.table(PAGE, mark)]
    assert told == [[code, reason.title, reason.what_to_do] for code, reason in reasons.items()]


def test_table_of_columns_is_that_of_the_mapping() -> None:
    mapping = yaml.safe_load((INCLUDE / "mappings/hotwax_order_csv.yaml").read_text(encoding="utf-8"))
    told = [name.strip("`") for name, _ in markdown.table(PAGE, "hotwax_order_csv")]
    assert told == [column["name"] for column in mapping["columns"]]


@pytest.mark.parametrize("mark", ["RECORD_MOVES", "BATCH_MOVES", "FEED_MOVES"])
def test_table_of_moves_is_that_of_the_code(mark: str) -> None:
    moves = getattr(states, mark)
    told = dict(markdown.table(LEDGER, mark))
    assert told == {f"`{start}`": ", ".join(f"`{end}`" for end in sorted(ends)) or "–" for start, ends in moves.items()}


def test_every_table_and_state_of_the_ledger_has_its_line() -> None:
    told = {cell.strip("`") for cell in markdown.first_cells(LEDGER)}
    assert schema.metadata.tables.keys() <= told
    assert {state.value for state in states.State} <= told


def test_every_setting_is_explained() -> None:
    readme = markdown.codes(README.read_text(encoding="utf-8"))
    flow = DEFAULTS["predictspring_order_sync"]
    keys = [
        *_leaves({key: value for key, value in DEFAULTS.items() if value is not flow}),
        *_leaves({key: value for key, value in flow.items() if key != "values"}),
    ]
    assert len(keys) > 20
    assert [key for key in keys if key not in readme] == []


def test_every_value_of_the_mappings_is_explained() -> None:
    page = markdown.codes(PAGE.read_text(encoding="utf-8"))
    assert [key for key in DEFAULTS["predictspring_order_sync"]["values"] if key not in page] == []


@pytest.mark.parametrize("path", [README, PAGE], ids=["README", "page"])
def test_every_param_is_explained(path: Path) -> None:
    assert PARAMS.keys() <= {cell.strip("`") for cell in markdown.first_cells(path)}


def test_every_fact_is_named() -> None:
    facts = tlog_vocabulary.ORDER_FACTS.keys() | tlog_vocabulary.LINE_FACTS.keys()
    assert facts <= markdown.codes(README.read_text(encoding="utf-8"))


def test_every_word_of_the_mapping_language_is_explained() -> None:
    text = README.read_text(encoding="utf-8")
    words = {field.encode_name for kind in (model.Column, model.MappingFile) for field in msgspec.structs.fields(kind)}
    assert {word for word in words if f"`{word}`" not in text and f"{word}:" not in text} == set()


def test_make_targets_are_those_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE))
    told = set(re.findall(r"`make ([a-z]+)", README.read_text(encoding="utf-8")))
    assert told == targets


def test_every_environment_variable_is_explained() -> None:
    """Fault points are for tests."""
    read = {
        text for path in python_files("plugins") for text in texts(path) if re.fullmatch(r"ORDER_SYNC_[A-Z_]+", text)
    }
    assert read - {"ORDER_SYNC_FAULT_AT"} <= markdown.codes(README.read_text(encoding="utf-8"))


def test_commands_of_the_ledger_are_those_of_the_code() -> None:
    source = (PACKAGE / "__main__.py").read_text(encoding="utf-8")
    commands = {
        node.args[0].value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "add_parser"
        and isinstance(node.args[0], ast.Constant)
    }
    told = set(re.findall(r"`python -m order_sync (\w+)", README.read_text(encoding="utf-8")))
    assert told == commands


def test_every_flow_has_its_page_and_its_line() -> None:
    for path in python_files("dags"):
        assert (ROOT / f"docs/{path.stem}.md").is_file()
        assert f"`{path.stem}`" in markdown.first_cells(README)


def test_connections_by_environment_can_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    from order_sync.flow import ledger_url
    from order_sync.partners.hotwax_settings import read_settings

    text = markdown.example(README, "connections by environment")
    found = dict(re.findall(r"^export (AIRFLOW_CONN_\w+)='(.*)'$", text, re.MULTILINE))
    assert len(found) == len(text.splitlines())
    connections = {name.removeprefix("AIRFLOW_CONN_").lower(): json.loads(value) for name, value in found.items()}
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    assert set(connections) == {*filter(None, DEFAULTS["connections"].values()), "order_sync_ledger"}
    assert read_settings("hotwax_api").origin == "https://oms.example.com"
    assert ledger_url().startswith("postgresql+psycopg://ordersync:")
    _check_connections(connections)


def test_connections_of_the_file_can_be_used(tmp_path: Path) -> None:
    from airflow.secrets.local_filesystem import load_connections_dict

    path = tmp_path / "connections.yaml"
    path.write_text(markdown.example(README, "connections file"), encoding="utf-8")
    assert set(load_connections_dict(str(path))) <= set(DEFAULTS["connections"].values())
    _check_connections(yaml.safe_load(path.read_text(encoding="utf-8")))


def test_example_retailer_is_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORDER_SYNC_OVERLAY", raising=False)
    include = tmp_path / "include"
    shutil.copytree(INCLUDE, include)
    (include / "retailers/acme.yaml").write_text(markdown.example(README, "retailer"), encoding="utf-8")
    acme, usual = (settings.load(name, include) for name in ("acme", settings.DEFAULT))
    assert acme.predictspring_order_sync.values["currency"] == "CAD"
    assert acme != usual


def test_example_mapping_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "hotwax_order_csv.yaml"
    path.write_text(markdown.example(README, "mapping"), encoding="utf-8")
    values = settings.load(settings.DEFAULT, INCLUDE).predictspring_order_sync.values
    vocabulary = Vocabulary(tlog_vocabulary.known_paths(), tlog_vocabulary.CASES, frozenset(values))
    mapping = model.load(path, vocabulary, INCLUDE / "mappings/lookups", settings.DEFAULT)
    real = yaml.safe_load((INCLUDE / "mappings/hotwax_order_csv.yaml").read_text(encoding="utf-8"))
    assert {column.name for column in mapping.columns} <= {column["name"] for column in real["columns"]}


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_links_lead_somewhere(page: Path) -> None:
    dead = []
    for link in markdown.links(page):
        if re.match(r"[a-z]+:", link):
            continue
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        if not target.exists() or (anchor and anchor not in markdown.anchors(target)):
            dead.append(link)
    assert dead == []


def test_glossary_explains_a_word_once() -> None:
    words = [cell for cell in markdown.first_cells(ROOT / "docs/glossary.md") if cell != "word"]
    assert len(words) > 40
    assert len(words) == len(set(words))


def test_changelog_tells_of_the_version_in_the_making() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert version is not None
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert any(version[1] in heading for heading in headings)


def test_decisions_are_numbered_without_gaps() -> None:
    names = sorted(path.name for path in (ROOT / "docs/decisions").glob("*.md"))
    assert [name[:4] for name in names] == [f"{number:04d}" for number in range(1, len(names) + 1)]
    for name in names:
        text = (ROOT / "docs/decisions" / name).read_text(encoding="utf-8")
        assert text.startswith(f"# {name[:4]} ")
        assert "\nStatus: " in text


def _leaves(content: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Dotted paths of all values; what the retailer as a whole has keeps its first part."""
    found: list[str] = []
    for key, value in content.items():
        found += _leaves(value, f"{prefix}{key}.") if isinstance(value, dict) else [f"{prefix}{key}"]
    return found


def _check_connections(connections: Mapping[str, Mapping[str, Any]]) -> None:
    """What an example must not teach: a server that nobody checks, and booleans as text."""
    for name, connection in connections.items():
        extra = connection.get("extra", {})
        if connection["conn_type"] == "sftp":
            assert extra["host_key"].startswith("ssh-ed25519 "), name
        if connection["conn_type"] == "smtp":
            assert extra["from_email"], name
            assert {type(extra[key]) for key in ("disable_ssl", "disable_tls")} == {bool}, name
