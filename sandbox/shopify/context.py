"""What the fields of one request share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.shopify.money import decimal_text
from sandbox.shopify.settings import ShopifySettings

#: Types of which fields may be withheld, by the scope that opens them.
SCOPE_OF_TYPE = {
    "Customer": "read_customers",
    "Product": "read_products",
    "ProductVariant": "read_products",
}
APPROVAL = "https://shopify.dev/docs/apps/launch/protected-customer-data"


@dataclass
class Context:
    """The state of one request.

    :param settings: of the shop.
    :param version: of the API that answers.
    :param now: the shop's present time, seconds.
    :param order: the order whose fields are being read.
    :param errors: errors beside the data.
    :param search: warnings of searches, as ``extensions.search`` has them.
    :param saved: points that the real sizes of connections cost less than was asked for.
    """

    settings: ShopifySettings
    version: str
    now: float
    order: dict[str, Any] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)
    search: list[dict[str, Any]] = field(default_factory=list)
    saved: int = 0

    def decimal(self, minor: int, currency: str) -> str:
        """An amount as the shop writes it.

        :param minor: in minor units.
        :param currency: ISO code.
        """
        return decimal_text(minor, currency, shortest=self.settings.decimals == "shortest")

    def bag(self, pair: list[int] | None) -> dict[str, Any] | None:
        """A MoneyBag of an amount of the order at hand.

        :param pair: in the shop's and the presented currency.
        """
        if pair is None:
            return None
        shop, shown = self.order["currencyCode"], self.order["presentmentCurrencyCode"]
        return {
            "shopMoney": {"amount": self.decimal(pair[0], shop), "currencyCode": shop},
            "presentmentMoney": {"amount": self.decimal(pair[1], shown), "currencyCode": shown},
        }

    def denial(self, type_name: str, field_name: str, returns: str) -> str | None:
        """Why a field is withheld, None when it is not.

        :param type_name: that has the field.
        :param field_name: its name.
        :param returns: the type of its value.
        """
        if f"{type_name}.{field_name}" in self.settings.denied_fields:
            return f"This app is not approved to access the {field_name} field. See {APPROVAL} for more details."
        scope = SCOPE_OF_TYPE.get(returns)
        if scope is not None and scope not in self.settings.scopes:
            return f"Access denied for {field_name} field. Required access: `{scope}` access scope."
        return None

    def deny(self, message: str, path: list[str | int]) -> None:
        """Tell, once a field, that it is withheld.

        :param message: why.
        :param path: of the field.
        """
        if all(error.get("path") != path for error in self.errors):
            extensions = {"code": "ACCESS_DENIED", "documentation": "https://shopify.dev/api/usage/access-scopes"}
            self.errors.append({"message": message, "path": path, "extensions": extensions})
