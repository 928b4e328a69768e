"""Answers of the REST API: errors in their one shape, records as a GET shows them."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from sandbox.netsuite.csv_table import RecordError
from sandbox.netsuite.database import NetSuiteDatabase
from sandbox.netsuite.rest_fields import InvalidContentError

_TYPE = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html"
_TITLES = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed", 429: "Bad Request"}
_LOCKED = "The record has been changed by another process or workflow. Please refresh the record and try again."


def json_answer(status: int, content: object) -> web.Response:
    """Make an answer in JSON.

    :param status: the HTTP status.
    :param content: what becomes its JSON.
    """
    body = json.dumps(content).encode()
    return web.Response(status=status, body=body, content_type="application/vnd.oracle.resource+json")


def error(status: int, code: str, detail: str) -> web.Response:
    """Make an answer that says no.

    :param status: the HTTP status.
    :param code: ``o:errorCode``.
    :param detail: for people.
    """
    details = [{"detail": detail, "o:errorCode": code}]
    return json_answer(status, {"type": _TYPE, "title": _TITLES[status], "status": status, "o:errorDetails": details})


def refusal(problem: RecordError | InvalidContentError) -> web.Response:
    """Make the answer to a record that is refused.

    :param problem: why.
    """
    text = str(problem)
    if isinstance(problem, InvalidContentError):
        code = "INVALID_CONTENT"
    else:
        code = "INVALID_KEY_OR_REF" if " reference key " in text else "USER_ERROR"
    return error(400, code, f"Error while accessing a resource. {text}")


def locked() -> web.Response:
    """The answer while something else changes the record."""
    return error(400, "USER_ERROR", f"Error while accessing a resource. {_LOCKED}")


def too_many(status: int) -> web.Response:
    """The answer to one request too many; it does not say how long to wait.

    :param status: 429 or 400.
    """
    return error(status, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.")


def unauthorized() -> web.Response:
    """The answer to a caller without a good token."""
    answer = error(401, "INVALID_LOGIN", "Invalid login attempt. For more details, see the Login Audit Trail.")
    answer.headers["WWW-Authenticate"] = 'Bearer realm="NetSuite", error="invalid_token"'
    return answer


def shown(database: NetSuiteDatabase, record: str, external_id: str, *, expand: bool) -> dict[str, Any] | None:
    """A record as a GET shows it.

    :param database: the truth.
    :param record: its type.
    :param external_id: its external id.
    :param expand: whether its lines are shown.
    :returns: its JSON, None when there is none.
    """
    if record == "customer":
        return _customer(database, external_id)
    if record == "customerDeposit":
        return _deposit(database, external_id)
    found = database.order(external_id) if record == "salesOrder" else database.cash_sale(external_id)
    if found is None:
        return None
    lines = [
        {
            "line": line["line_id"],
            "item": {"id": line["item"]},
            "quantity": line["quantity"],
            "rate": line["rate"],
            "custcol_hc_order_line_id": line["hc_order_line_id"],
            "custcol_hc_orderline_type_id": line.get("line_type_id", ""),
        }
        for line in found["lines"]
    ]
    return {
        "id": str(found["internal_id"]),
        "externalId": external_id,
        "entity": {"id": str(found["customer_id"])},
        "tranDate": found["tran_date"],
        "otherRefNum": found["order_name"],
        "custbody_hc_order_id": found["hc_order_id"],
        "item": {"items": lines, "totalResults": len(lines)} if expand else {"links": []},
    }


def _customer(database: NetSuiteDatabase, external_id: str) -> dict[str, Any] | None:
    found = database.customer(external_id)
    if found is None:
        return None
    return {
        "id": str(found["internal_id"]),
        "externalId": external_id,
        "firstName": found["first_name"],
        "lastName": found["last_name"],
        "email": found["email"],
        "subsidiary": {"id": found["subsidiary"]},
        "custentity_hc_shop_cust_id": found["shopify_customer_id"],
        "custentity_hc_customer_id": found["hc_customer_id"],
    }


def _deposit(database: NetSuiteDatabase, external_id: str) -> dict[str, Any] | None:
    found = database.one("deposits", external_id)
    if found is None:
        return None
    return {
        "id": str(found["internal_id"]),
        "externalId": external_id,
        "salesOrder": {"id": str(found["order_id"])},
        "payment": found["amount"],
        "paymentMethod": {"id": found["payment_method"]},
    }
