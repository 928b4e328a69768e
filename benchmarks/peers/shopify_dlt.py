"""Peer: dlt's `rest_api` source, incremental on updatedAt, into files of JSON lines; run by an interpreter with dlt."""

from __future__ import annotations

import importlib
import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.child import Watch
from order_sync.contracts.shopify_queries import ORDERS


def run(watch: Watch, *, url: str, token: str, start: str, end: str, target: str, size: int, parts: int) -> int:
    """Load every order of the window into a folder beside `target`; returns how many rows dlt counted."""
    folder = Path(target).with_suffix(".dlt")
    os.environ |= {
        "DLT_DATA_DIR": str(folder), "RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR",
        "DATA_WRITER__DISABLE_COMPRESSION": "true",
    }  # fmt: skip
    # not a dependency of this repository: an environment of its own has it
    dlt = importlib.import_module("dlt")
    paginators = importlib.import_module("dlt.sources.helpers.rest_client.paginators")
    rest_api = importlib.import_module("dlt.sources.rest_api")

    moments = [datetime.fromisoformat(one).strftime("%Y-%m-%dT%H:%M:%SZ") for one in (start, end)]
    search = f"updated_at:>='{moments[0]}' updated_at:<='{moments[1]}'"
    variables: dict[str, Any] = {"search": search, "size": size, "parts": parts, "after": None}
    with watch:
        source = rest_api.rest_api_source(
            {
                "client": {"base_url": url, "headers": {"X-Shopify-Access-Token": token}},
                "resources": [
                    {
                        "name": "orders",
                        "primary_key": "id",
                        "max_table_nesting": 0,
                        "endpoint": {
                            "path": "/admin/api/2026-10/graphql.json",
                            "method": "POST",
                            "json": {"query": ORDERS.replace("{", "{{").replace("}", "}}"), "variables": variables},
                            "data_selector": "data.orders.nodes",
                            "incremental": {"cursor_path": "updatedAt", "initial_value": moments[0]},
                            "paginator": paginators.JSONResponseCursorPaginator(
                                cursor_path="data.orders.pageInfo.endCursor", cursor_body_path="variables.after"
                            ),
                        },
                    }
                ],
            }
        )
        pipeline = dlt.pipeline("shopify", destination=_files(dlt, folder), pipelines_dir=str(folder / "pipelines"))
        pipeline.run(source)
    return int(pipeline.last_trace.last_normalize_info.row_counts["orders"])


def _files(dlt: Any, folder: Path) -> Any:
    """A destination that keeps the files that dlt made."""

    @dlt.destination(batch_size=0, loader_file_format="typed-jsonl", name="files")
    def files(path: str, table: Any) -> None:  # noqa: ARG001 - dlt asks for both
        shutil.copy(path, folder)

    return files
