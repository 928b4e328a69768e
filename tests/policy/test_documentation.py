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
from order_sync.contracts.retailpro_api import AnswerTest
from order_sync.flow import PARAMS
from order_sync.ledger import schema, states
from order_sync.mapping import model
from order_sync.mapping.model import Vocabulary
from order_sync.reasons import EXCLUSIONS, FINDINGS, REASONS, WAITS
from order_sync.transforms import invoice_vocabulary, netsuite_vocabulary, tlog_vocabulary
from order_sync.transforms.netsuite_deposits import DEPOSIT_PATHS
from order_sync.transforms.netsuite_items import ITEM_CASES, ITEM_PATHS
from tests.policy import markdown
from tests.policy.repository import PACKAGE, ROOT, python_files, repository_files, shown, texts

README = ROOT / "README.md"
FLOWS = ("predictspring_order_sync", "retailpro_invoicing", "netsuite_created_orders")
PAGE, INVOICING, NETSUITE = (ROOT / f"docs/{flow}.md" for flow in FLOWS)
CASH_SALES, HISTORY = (ROOT / f"docs/{flow}.md" for flow in ("netsuite_cash_sales", "netsuite_historical_customers"))
FOLLOW_UPS = ROOT / "docs/netsuite_follow_ups.md"
FULFILMENT = ROOT / "docs/netsuite_fulfilment.md"
SHOPIFY = ROOT / "docs/shopify_order_import.md"
REASONS_PAGE = ROOT / "docs/reasons.md"
LEDGER = ROOT / "docs/ledger.md"
INCLUDE = ROOT / "include"
PAGES = [path for path in repository_files() if path.suffix == ".md"]
DEFAULTS: dict[str, Any] = yaml.safe_load((INCLUDE / "retailers/default.yaml").read_text(encoding="utf-8"))
#: Flows that have settings of their own.
SECTIONS = tuple(path.stem for path in python_files("dags") if path.stem in DEFAULTS)


@pytest.mark.parametrize(
    ("mark", "reasons"),
    [("REASONS", REASONS), ("EXCLUSIONS", EXCLUSIONS), ("WAITS", WAITS), ("FINDINGS", FINDINGS)],
)
def test_table_of_reasons_is_that_of_the_code(mark: str, reasons: Mapping[str, Any]) -> None:
    told = [[code.strip("`"), *words] for code, *words in markdown.table(REASONS_PAGE, mark)]
    assert told == [[code, reason.title, reason.what_to_do] for code, reason in reasons.items()]


def test_table_of_columns_is_that_of_the_mapping() -> None:
    mapping = yaml.safe_load((INCLUDE / "mappings/hotwax_order_csv.yaml").read_text(encoding="utf-8"))
    told = [name.strip("`") for name, _ in markdown.table(PAGE, "hotwax_order_csv")]
    assert told == [column["name"] for column in mapping["columns"]]


@pytest.mark.parametrize(
    ("target", "paths"),
    [
        ("retailpro_invoice_v2_fiscal", invoice_vocabulary.INVOICE_PATHS),
        ("retailpro_manual_slip", invoice_vocabulary.SLIP_PATHS),
    ],
)
def test_table_of_fields_is_that_of_the_mapping(target: str, paths: dict[str, model.Type]) -> None:
    mapping = _invoicing_mapping(target, paths)
    told = [row[:4] for row in markdown.table(INVOICING, target)]
    assert told == [
        [
            f"`{column.name}`",
            f"number ({column.precision},4)" if column.precision else column.type,
            f"{column.max_length}, {column.too_long}" if column.max_length else "–",
            "yes" if column.required else "–",
        ]
        for column in mapping.columns
    ]


@pytest.mark.parametrize(
    ("target", "paths", "page"),
    [
        ("netsuite_customer", netsuite_vocabulary.CUSTOMER_PATHS, NETSUITE),
        ("netsuite_sales_order", netsuite_vocabulary.ORDER_PATHS, NETSUITE),
        ("netsuite_cash_sale", netsuite_vocabulary.CASH_SALE_PATHS, CASH_SALES),
        ("netsuite_deposit", DEPOSIT_PATHS, FOLLOW_UPS),
        ("netsuite_allocation", ITEM_PATHS, FULFILMENT),
        ("netsuite_fulfilled", ITEM_PATHS, FULFILMENT),
    ],
    ids=["customer", "sales order", "cash sale", "deposit", "allocation", "fulfilled"],
)
def test_table_of_columns_is_that_of_both_generations(target: str, paths: dict[str, model.Type], page: Path) -> None:
    older = "legacy" if page is FOLLOW_UPS else "title"
    camel, title = (_netsuite_mapping(f"{target}_{generation}", paths) for generation in ("camel", older))
    told = [[cell.strip("`") for cell in row[:5]] for row in markdown.table(page, target)]
    assert [[name, *rest] for name, _, *rest in told] == [
        [
            column.name,
            column.type,
            f"{column.max_length}, {column.too_long}" if column.max_length else "–",
            "yes" if column.required else "–",
        ]
        for column in camel.columns
    ]
    renamed = [name for _, name, *_ in told if name != "–"]
    assert renamed == [column.name for column in title.columns if column.name != "Amount"]


def test_fields_of_the_newer_body_only_are_marked() -> None:
    older = {
        column.name for column in _invoicing_mapping("retailpro_invoice_v1", invoice_vocabulary.INVOICE_PATHS).columns
    }
    rows = markdown.table(INVOICING, "retailpro_invoice_v2_fiscal")
    assert {name.strip("`") for name, *_, words in rows if not words.startswith("v2 only: ")} == older


@pytest.mark.parametrize("mark", ["RECORD_MOVES", "BATCH_MOVES", "FEED_MOVES"])
def test_table_of_moves_is_that_of_the_code(mark: str) -> None:
    moves = getattr(states, mark)
    told = dict(markdown.table(LEDGER, mark))
    assert told == {f"`{start}`": ", ".join(f"`{end}`" for end in sorted(ends)) or "–" for start, ends in moves.items()}


def test_every_table_and_state_of_the_ledger_has_its_line() -> None:
    told = {cell.strip("`") for cell in markdown.first_cells(LEDGER)}
    assert schema.metadata.tables.keys() <= told
    assert {state.value for state in states.State} <= told


@pytest.mark.parametrize("flow", SECTIONS)
def test_every_setting_of_a_flow_is_explained(flow: str) -> None:
    keys = [key for key in _leaves(DEFAULTS[flow]) if "values" not in key.split(".")]
    assert len(keys) > 20
    assert [key for key in keys if key not in _told_in_readme()] == []


def test_every_setting_of_the_retailer_is_explained() -> None:
    keys = _leaves({key: value for key, value in DEFAULTS.items() if key not in SECTIONS})
    assert len(keys) > 5
    assert [key for key in keys if key not in _told_in_readme()] == []


@pytest.mark.parametrize("answer", ["accepted", "duplicate"])
def test_every_part_of_an_answer_test_is_explained(answer: str) -> None:
    """Their defaults leave most of it out."""
    keys = [f"api.{answer}.{field.encode_name}" for field in msgspec.structs.fields(AnswerTest)]
    assert [key for key in keys if key not in _told_in_readme()] == []


@pytest.mark.parametrize("flow", FLOWS)
def test_every_value_of_the_mappings_is_explained(flow: str) -> None:
    page = markdown.codes((ROOT / f"docs/{flow}.md").read_text(encoding="utf-8"))
    values = [key.rpartition(".")[2] for key in _leaves(DEFAULTS[flow]) if "values" in key.split(".")]
    assert values
    assert [key for key in values if key not in page] == []


@pytest.mark.parametrize(
    "path", [README, PAGE, INVOICING, NETSUITE, CASH_SALES, HISTORY, FULFILMENT, SHOPIFY], ids=lambda path: path.stem
)
def test_every_param_is_explained(path: Path) -> None:
    assert PARAMS.keys() <= {cell.strip("`") for cell in markdown.first_cells(path)}


def test_every_fact_is_named() -> None:
    facts = tlog_vocabulary.ORDER_FACTS.keys() | tlog_vocabulary.LINE_FACTS.keys()
    assert facts <= markdown.codes(README.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("page", "paths"),
    [
        (INVOICING, invoice_vocabulary.INVOICE_PATHS.keys() | invoice_vocabulary.SLIP_PATHS.keys()),
        (NETSUITE, netsuite_vocabulary.CUSTOMER_PATHS.keys() | netsuite_vocabulary.ORDER_PATHS.keys()),
        (FULFILMENT, set(ITEM_PATHS)),
    ],
    ids=["retailpro", "netsuite", "fulfilment"],
)
def test_every_fact_of_hotwax_orders_is_named(page: Path, paths: set[str]) -> None:
    facts = {".".join(path.split(".")[:2]) for path in paths if path.startswith("fact.")}
    assert facts <= markdown.codes(page.read_text(encoding="utf-8"))


def test_every_lookup_table_is_explained() -> None:
    pages = "".join(
        page.read_text(encoding="utf-8")
        for page in (README, PAGE, INVOICING, NETSUITE, CASH_SALES, SHOPIFY, ROOT / "docs/glossary.md")
    )
    names = {path.stem for path in (INCLUDE / "mappings/lookups").glob("*.csv")}
    assert {name for name in names if f"`{name}`" not in pages and f"`{name}.csv`" not in pages} == set()


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
    assert read - {"ORDER_SYNC_FAULT_AT", "ORDER_SYNC_FAULT_SIGNAL"} <= markdown.codes(
        README.read_text(encoding="utf-8")
    )


def test_commands_of_the_ledger_are_those_of_the_code() -> None:
    told = re.findall(r"`python -m order_sync (\w+) ?(\w*)", README.read_text(encoding="utf-8"))
    commands = _parsers("commands")
    assert {command for command, _ in told} == commands
    assert {rest for command, rest in told if command == "unknown"} == _parsers("unknown")


def test_every_flow_has_its_page_and_its_line() -> None:
    for path in python_files("dags"):
        assert (ROOT / f"docs/{path.stem}.md").is_file()
        assert f"`{path.stem}`" in markdown.first_cells(README)


def test_connections_by_environment_can_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    from order_sync.flow import ledger_url
    from order_sync.partners.hotwax_settings import read_settings
    from order_sync.partners.retailpro_connection import read_server

    text = markdown.example(README, "connections by environment")
    found = dict(re.findall(r"^export (AIRFLOW_CONN_\w+)='(.*)'$", text, re.MULTILINE))
    assert len(found) == len(text.splitlines())
    connections = {name.removeprefix("AIRFLOW_CONN_").lower(): json.loads(value) for name, value in found.items()}
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    assert set(connections) == {*filter(None, DEFAULTS["connections"].values()), "order_sync_ledger"}
    assert read_settings("hotwax_api").origin == "https://oms.example.com"
    assert read_server("retailpro_api").origin == "https://retailpro.example.com"
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
    assert acme.retailpro_invoicing.api.resolve_doubt == "look_up"
    assert acme.netsuite_created_orders.rows.values["subsidiary"] == "4"
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


def _told_in_readme() -> set[str]:
    return markdown.codes(README.read_text(encoding="utf-8"))


def _invoicing_mapping(name: str, paths: dict[str, model.Type]) -> model.Mapping:
    values = settings.load(settings.DEFAULT, INCLUDE).retailpro_invoicing.values
    vocabulary = Vocabulary(paths, invoice_vocabulary.CASES, frozenset(values))
    return model.load(INCLUDE / f"mappings/{name}.yaml", vocabulary, INCLUDE / "mappings/lookups", settings.DEFAULT)


def _netsuite_mapping(name: str, paths: dict[str, model.Type]) -> model.Mapping:
    retailer = settings.load(settings.DEFAULT, INCLUDE)
    values = {**retailer.netsuite_created_orders.rows.texts, **retailer.netsuite_fulfilment.values}
    vocabulary = Vocabulary(paths, {**netsuite_vocabulary.CASES, **ITEM_CASES}, frozenset(values))
    return model.load(INCLUDE / f"mappings/{name}.yaml", vocabulary, INCLUDE / "mappings/lookups", settings.DEFAULT)


def _parsers(group: str) -> set[str]:
    """The commands that the code adds to a group of subcommands."""
    source = (PACKAGE / "__main__.py").read_text(encoding="utf-8")
    return {
        node.args[0].value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == f"{group}.add_parser"
        and isinstance(node.args[0], ast.Constant)
    }


def _leaves(content: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Dotted paths of all values; what the retailer as a whole has keeps its first part."""
    found: list[str] = []
    for key, value in content.items():
        found += _leaves(value, f"{prefix}{key}.") if isinstance(value, dict) and value else [f"{prefix}{key}"]
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
