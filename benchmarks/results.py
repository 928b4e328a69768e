"""The file of the last measured tables: each command writes its own section and leaves the others alone."""

from __future__ import annotations

import re
from pathlib import Path

RESULTS = Path(__file__).with_name("results.md")
_SECTIONS = {
    "transform": "TLogs to HotWax's feeds",
    "sftp": "Files over SFTP",
    "invoices": "Completed orders to Retail Pro's invoices",
    "netsuite": "Created orders to NetSuite, and its answers",
    "shopify": "Orders out of Shopify",
    "calls": "Calls to Retail Pro",
    "ledger": "Records through the ledger",
    "airflow": "What Airflow costs",
}
_HEAD = "# Results\n\nThe last measured tables; each names its command. How they are made: [README.md](README.md).\n"


def write_section(name: str, text: str, path: Path = RESULTS) -> None:
    """Replace one section of the file.

    :param name: a key of the known sections.
    :raises KeyError: it is no known section.
    """
    content = path.read_text(encoding="utf-8") if path.exists() else _HEAD
    section = f"<!-- {name} -->\n## {_SECTIONS[name]}\n\n{text.strip()}\n<!-- /{name} -->"
    pattern = re.compile(f"<!-- {name} -->.*?<!-- /{name} -->", re.DOTALL)
    if pattern.search(content):
        content = pattern.sub(lambda _: section, content)
    else:
        content = f"{content.rstrip()}\n\n{section}\n"
    path.write_text(content, encoding="utf-8")
