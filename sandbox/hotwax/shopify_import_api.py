"""Looking up orders that came from Shopify: both back ends, and the log of failed imports.

Shapes: hotwax/oms-api and integrators' notes. A page is cut at the install's cap, and nothing says that more follows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.hotwax.credentials import Credentials
from sandbox.hotwax.database import Row
from sandbox.hotwax.http_server import Request, Response, json_response
from sandbox.hotwax.settings import HotWaxSettings
from sandbox.hotwax.shopify_import_orders import ShopifyOrders

MOQUI_PATH = "/rest/s1/oms/orders"
OFBIZ_PATH = "/api/orders"
INSIGHTS_PATH = "/api/solr-query"
DEFAULT_PAGE_SIZE = 20
_KEPT = timedelta(days=60)


class BadQueryError(ValueError):
    """A query that is not understood."""


class ShopifyOrdersFace:
    """Answers look-ups.

    :param orders: what came from Shopify.
    :param settings: page cap, name of the shop.
    :param credentials: who may ask.
    :ivar needs_slash: the list of the Moqui back end is at a path with a slash at its end, and nowhere else.
    :ivar site: address of the shop, as the log of failed imports names it.
    """

    def __init__(self, orders: ShopifyOrders, settings: HotWaxSettings, credentials: Credentials) -> None:
        self.needs_slash = False
        self.site = "https://sandbox-shop.example"
        self._orders, self._settings, self._credentials = orders, settings, credentials

    def takes(self, path: str) -> bool:
        """Whether it answers at a path.

        :param path: of the request.
        """
        return path in {OFBIZ_PATH, INSIGHTS_PATH} or f"{path}/".startswith(f"{MOQUI_PATH}/")

    def respond(self, request: Request) -> Response:
        """Answer a request.

        :param request: the request.
        """
        if request.path.startswith(MOQUI_PATH):
            if not self._credentials.let_in(request.headers):
                return _error(401, "User must be logged in to call this service")
            return self._moqui(request)
        if request.headers.get("authorization") != f"Bearer {self._credentials.token}":
            return json_response({"_ERROR_MESSAGE_": "You are not authorized"}, 401)
        try:
            return self._insights(request) if request.path == INSIGHTS_PATH else self._ofbiz(request)
        except BadQueryError as error:
            return json_response({"_ERROR_MESSAGE_": str(error)})

    def _moqui(self, request: Request) -> Response:
        rest = request.path.removeprefix(MOQUI_PATH)
        if request.method != "GET" or (rest == "" and self.needs_slash):
            return _error(404, f"Resource {request.path} with method {request.method} is not valid")
        if order_id := rest.strip("/"):
            found = self._orders.by_id(order_id)
            return (
                _error(404, "Order not found") if found is None else json_response({"orderDetail": self._shown(found)})
            )
        try:
            rows = self._page(request.query, ("pageSize", "pageIndex"))
        except BadQueryError as error:
            return _error(400, str(error))
        return json_response({"orders": [self._shown(row) for row in rows]})

    def _ofbiz(self, request: Request) -> Response:
        where, values = _condition(request.query)
        rows = self._page(request.query, ("viewSize", "viewIndex"))
        docs = [self._shown(row) for row in rows]
        return json_response({"count": len(self._orders.find(where, *values)), "docs": docs})

    def _page(self, query: Mapping[str, str], names: tuple[str, str]) -> list[Row]:
        size = min(_whole(query, names[0], DEFAULT_PAGE_SIZE), self._settings.page_cap)
        start = _whole(query, names[1], 0) * size
        where, values = _condition(query)
        return self._orders.find(f"{where} ORDER BY number LIMIT ? OFFSET ?", *values, size, start)

    def _shown(self, row: Row) -> dict[str, Any]:
        order_id = row["order_id"]
        ids = (("ID", row["shopify_id"]), ("NAME", row["name"]), ("NO", row["order_number"]))
        attributes = self._orders.attributes(order_id)
        exchange = row["channel"] == "EXCHG_SALES_CHANNEL"
        return {
            "orderId": order_id,
            "orderName": row["name"],
            "orderExternalId": row["shopify_id"],
            "externalId": row["shopify_id"],
            "orderStatusId": row["status_id"],
            "orderDate": _millis(row["order_date"]),
            "entryDate": _millis(row["entry_date"]),
            "grandTotal": row["grand_total"],
            "currency": row["currency"],
            "salesChannel": row["channel"],
            "tags": [row["tag"]] if row["tag"] else [],
            "orderIdentifications": [
                {"orderIdentificationTypeId": f"SHOPIFY_ORD_{kind}", "idValue": value} for kind, value in ids if value
            ],
            "orderAttributes": [{"attrName": name, "attrValue": value} for name, value in attributes.items()],
            "orderItemAssocs": [{"orderItemAssocTypeId": "EXCHANGE"}] if exchange else [],
            "shipGroups": [
                {
                    "shipGroupSeqId": "00001",
                    "shipmentMethodTypeId": row["shipment_method"],
                    "facilityId": "_NA_",
                    "items": row["items"],
                }
            ],
        }

    def _insights(self, request: Request) -> Response:
        asked = _asked(request)
        if asked.get("coreName") != "logInsights" or "SHOPIFY_ORDER" not in json.dumps(asked.get("json", {})):
            raise BadQueryError("coreName must be logInsights, and q docType:SHOPIFY_ORDER")
        docs = [self._insight(row) for row in self._orders.failures()]
        answer = {"numFound": len(docs), "start": 0, "numFoundExact": True, "docs": docs}
        return json_response({"responseHeader": {"status": 0}, "response": answer})

    def _insight(self, row: Row) -> dict[str, Any]:
        at = datetime.fromisoformat(row["at"])
        return {
            "site": f"{self.site}/1/orders/{row['shopify_id']}/authenticate?key=",
            "shopifyOrderName": row["name"],
            "orderCreatedDate": str(_millis(row["order_date"]) or ""),
            "firstAttemptedImport": f"{at:%B} {at.day}, {at:%Y} {at:%I:%M:%S %p}",
            "docType": "SHOPIFY_ORDER",
            "ttl": "+60DAYS",
            "errorMessage": row["message"],
            "timestamp": _instant(at),
            "expire_at": _instant(at + _KEPT),
            "document-id": f"{row['number']:032d}",
        }


def _condition(query: Mapping[str, str]) -> tuple[str, list[object]]:
    parts: list[str] = ["1"]
    values: list[object] = []
    for name, column in (("externalId", "shopify_id"), ("orderName", "name"), ("orderStatusId", "status_id")):
        if wanted := query.get(name):
            parts.append(f"{column} = ?")
            values.append(wanted)
    for name, comparison in (("orderDate_from", ">="), ("orderDate_thru", "<")):
        if name in query:
            moment = datetime.fromtimestamp(_whole(query, name, 0) / 1000, UTC)
            parts.append(f"order_date {comparison} ?")
            values.append(moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return f"WHERE {' AND '.join(parts)}", values


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    try:
        return int(query.get(name, default))
    except ValueError as error:
        raise BadQueryError(f"{name} must be a whole number") from error


def _asked(request: Request) -> dict[str, Any]:
    """What a search asks for: it comes in the body, even of a GET."""
    try:
        content = json.loads(request.body or b"{}")
    except ValueError as error:
        raise BadQueryError(f"not JSON: {error}") from error
    return content if isinstance(content, dict) else {}


def _millis(text: str) -> int | None:
    return int(datetime.fromisoformat(text).timestamp() * 1000) if text else None


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _error(status: int, text: str) -> Response:
    return json_response({"errorCode": status, "errors": text}, status)
