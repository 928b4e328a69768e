"""One simulated sale: draws what is in it, then writes it down as PredictSpring does. Way in: `predictspring.Shop`."""

from __future__ import annotations

import copy
import random
import uuid
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple, TypeAlias

from sandbox import predictspring_world as world

#: One TLog, as `json.loads` would give it.
Order: TypeAlias = dict[str, Any]

_MERCHANT = "MERCHANT000001"
_ASSOCIATE = "assoc01"
_INSTALLATION = "0b9f7a3e-5f0c-4c55-9d0e-2a6f1d3c8e11"
_LINE_WEIGHTS = (16, 16, 16, 14, 12, 10, 8, 8)
_STORES = {store.store_id: store for store in world.STORES}


class Stamps(NamedTuple):
    """The texts of an order that follow from its number alone: its id and its instants (UTC)."""

    order_id: str
    order_ms: str
    update_ms: str
    return_ms: str
    created: str
    captured: str
    compact: str


class _Item(NamedTuple):
    """What one line sells. Amounts are cents; `taxes` is parallel to `rates`."""

    shipped: bool
    style: int
    size: int
    quantity: int
    discount: int
    rates: tuple[world.Tax, ...]
    taxes: tuple[int, ...]

    @property
    def product(self) -> world.Product:
        return world.PRODUCTS[self.style]

    @property
    def sub_total(self) -> int:
        return self.product.price * self.quantity

    @property
    def tax(self) -> int:
        return sum(self.taxes)

    @property
    def total(self) -> int:
        return self.sub_total - self.discount + self.tax


class Sale:
    """One sale in the making.

    :param seed: of the shop; with `n` it decides every draw.
    :param stamps: id and instants of sale `n`.
    :param stores: ids of the stores it may have happened in.
    :param kind: a key of `world.KINDS`, or ``None`` to draw one.
    :param lines: how many lines, or ``None`` to draw 1 to 8; a mixed sale gets at least 2.
    :param having: traits forced on.
    :param lacking: traits forced off.
    """

    def __init__(
        self,
        seed: int,
        n: int,
        stamps: Stamps,
        stores: tuple[str, ...],
        *,
        kind: str | None,
        lines: int | None,
        having: frozenset[str],
        lacking: frozenset[str],
    ) -> None:
        self._rng = rng = random.Random(f"{seed}:{n}")
        self._stamps, self._register_transaction = stamps, str(n % 1000)
        drawn_kind = rng.choices(list(world.KINDS), list(world.KINDS.values()))[0]
        self._kind = kind or drawn_kind
        drawn = {trait for trait, chance in world.TRAITS.items() if rng.random() < chance}
        self._traits = (drawn | having) - lacking
        self._store = _STORES[rng.choice(stores)]
        self._place = rng.choice(world.DESTINATIONS)
        self._method = rng.choice(world.METHODS)
        self._names = {"firstName": rng.choice(world.FIRST_NAMES), "lastName": rng.choice(world.LAST_NAMES)}
        self._street = f"{rng.randrange(1, 999)} {rng.choice(world.STREETS)}"
        self._email = "" if "no_email" in self._traits else f"shopper{rng.randrange(10_000):04d}@example.com"
        self._phone = "" if "no_phone" in self._traits else f"+1212555{rng.randrange(100, 200):04d}"
        drawn_lines = rng.choices(range(1, 9), _LINE_WEIGHTS)[0]
        shipped = self._draw_shipped(max(lines or drawn_lines, 2 if self._kind == "mixed" else 1))
        self._items = [self._draw_item(i, flag) for i, flag in enumerate(shipped)]
        charge = self._method.charge if any(shipped) else 0
        self._shipping_charge = charge
        self._shipping_tax = _cents(charge * Decimal("0.08")) if "shipping_tax" in self._traits else 0
        self._total = sum(item.total for item in self._items) + charge + self._shipping_tax

    def tlog(self, *, slim: bool) -> Order:
        """The sale as a TLog.

        :param slim: leave out repetitions and fields that say nothing about the sale.
        """
        tenders = self._tenders()
        lines = [self._line(line_number, item) for line_number, item in enumerate(self._items, 1)]
        order = self._head() | self._figures() | self._dates() | self._people() | world.QUIET
        order |= {"paymentSource": tenders[0]["paymentMethod"], "tenders": tenders}
        order |= {"orderProductList": lines, "taxRates": self._header_taxes()}
        if any(item.shipped for item in self._items):
            order |= self._shipping()
        if self._kind != "mixed":
            order["fulfillmentType"] = "IN_STORE" if self._kind == "in_store" else "ONLINE"
        if "currency" in self._traits:
            order["currency"] = "USD"
        if cash := [tender["amountAuthorized"] for tender in tenders if tender["paymentMethod"] == "Cash"]:
            order["cashTotal"] = cash[0]
        if slim:
            return _slim(order)
        order |= {"productList": lines, "paymentDetails": tenders}
        order["orderActivityLog"] = [self._activity(order)]
        return {field: copy.deepcopy(value) for field, value in order.items()}

    def _draw_shipped(self, count: int) -> list[bool]:
        """For each line, whether it is shipped."""
        if self._kind != "mixed":
            return [self._kind == "send_sale"] * count
        drawn = [False, True] + [self._rng.random() < 0.5 for _ in range(count - 2)]
        self._rng.shuffle(drawn)
        return drawn

    def _draw_item(self, index: int, shipped: bool) -> _Item:
        rng = self._rng
        style, size = rng.randrange(len(world.PRODUCTS)), rng.randrange(len(world.SIZES))
        chosen = index == 0 or rng.random() < 0.5
        quantity = rng.randint(2, 4) if chosen and "quantity" in self._traits else 1
        percent = rng.choice((5, 15, 20, 33)) if chosen and "discount" in self._traits else 0
        percent += 10 if "transaction_discount" in self._traits else 0
        sub_total = world.PRODUCTS[style].price * quantity
        discount = _cents(Decimal(sub_total * percent) / 100)
        rates = world.TAXES[(self._place if shipped else self._store.place).state]
        taxes = tuple(_cents((sub_total - discount) * tax.rate) for tax in rates)
        return _Item(shipped, style, size, quantity, discount, rates, taxes)

    def _head(self) -> Order:
        order_id = self._stamps.order_id
        return {
            "orderId": order_id,
            **dict.fromkeys(("orderStatus", "status"), "COMPLETED"),
            "orderStatusText": "Completed",
            "orderSource": "IN_STORE",
            "storeId": self._store.store_id,
            "store": self._store_block(),
            "storeAssociateId": _ASSOCIATE,
            "installationId": _INSTALLATION,
            "orderAttribution": {"storeRegisterId": "ANY", "registerTransactionId": self._register_transaction},
            "cartId": order_id,
            "twoPhaseCommitReferenceId": order_id,
            "isSplitCart": self._kind == "mixed",
            "offlineMode": "offline" in self._traits,
        }

    def _store_block(self) -> Order:
        store, place = self._store, self._store.place
        block: Order = {"storeId": store.store_id, "name": store.name, "addressLine1": store.street}
        if store.second_line:
            block["addressLine2"] = store.second_line
        block |= {"city": place.city, "state": place.state, "postalCode": place.postal_code, "countryCode": "US"}
        return block | {"storeType": "Regular", "productScanCodeType": "GTIN", "timeZoneId": "UTC"}

    def _figures(self) -> Order:
        items = self._items
        sub_total, discount = sum(item.sub_total for item in items), sum(item.discount for item in items)
        return {
            "totalAmount": number(self._total + ("open_total" in self._traits)),
            "orderSubTotal": number(sub_total),
            "taxSubTotal": number(sum(item.tax for item in items)),
            "taxableAmount": number(sub_total - discount),
            "discount": number(discount),
        }

    def _dates(self) -> Order:
        stamps = self._stamps
        dates: Order = {"updateDate": int(stamps.update_ms), "lastDateToReturnTimeStamp": int(stamps.return_ms)}
        if "epoch_only" in self._traits or "text_only" not in self._traits:
            dates["orderDate"] = int(stamps.order_ms)
        if "epoch_only" not in self._traits:
            dates["creationDate"] = stamps.created
        return dates

    def _people(self) -> Order:
        people: Order = {"email": self._email, "phoneNumber": self._phone}
        if "no_billing" not in self._traits:
            people["billingAddress"] = {**self._names, "preferred": False}
        if "guest" not in self._traits:
            customer_id = "" if "blank_customer_id" in self._traits else self._email
            address = {"addressLine1": self._street, **_town(self._place), "preferred": False}
            people["customerProfile"] = {"customerId": customer_id, "email": self._email, **self._names}
            people["customerProfile"] |= {"address": address, "phoneMobile": self._phone}
        return people

    def _shipping(self) -> Order:
        street = f"{self._street}, Rear House" if "comma" in self._traits else self._street
        address: Order = {**self._names, "addressLine1": street}
        address["addressLine2"] = "Apt 4" if "second_address_line" in self._traits else ""
        address |= _town(self._place)
        if "no_city" in self._traits:
            address["city"] = ""
        country = "country" if "country_field" in self._traits else "countryCode"
        address[country] = "" if country == "countryCode" and "empty_country" in self._traits else "US"
        address |= {"phone": self._phone, "preferred": False, "emailAddress": self._email}
        fields: Order = {"shippingAddress": address, "shippingSubTotal": number(self._shipping_charge)}
        fields["shippingTax"] = number(self._shipping_tax)
        if "no_method" not in self._traits:
            fields |= {"shippingMethodId": self._method.method_id, "shippingName": self._method.name}
            fields["shippingDescription"] = self._method.name
        return fields

    def _tenders(self) -> list[Order]:
        rng, total = self._rng, self._total
        methods = rng.sample(world.PAYMENT_METHODS, 2)
        first = total
        if "equal_tenders" in self._traits:
            first = total // 2
        elif "two_tenders" in self._traits:
            first = rng.randint(1, total - 1)
        amounts = [first, total - first] if first != total else [total]
        return [self._tender(i, methods[i], cents) for i, cents in enumerate(amounts)]

    def _tender(self, index: int, method: str, cents: int) -> Order:
        tender: Order = {
            "merchantId": _MERCHANT,
            "locale": "en_US",
            "region": "US",
            "orderId": self._stamps.order_id,
            "transactionId": self._transaction_id(),
            "paymentId": str(uuid.UUID(int=self._rng.getrandbits(128), version=4)),
            "paymentMethod": method,
            "paymentStatus": "APPROVED",
            "paymentDevice": "NoReader",
            "amountAuthorized": number(cents),
            "captureDate": self._stamps.captured,
            "totalRefundedAmount": 0,
            "totalAmountCarriedOverForExchange": 0,
            "paymentSequenceNumber": index + 1,
            "authStatus": "SALE",
            "captureStatus": "CAPTURED",
            "cardPresent": method == "Credit Card",
        }
        if method == "Cash":
            return tender | {"tenderedAmount": number(cents), "changeBackAmount": 0}
        reference = dict.fromkeys(("requestId", "accountNumber", "externalPaymentReferenceId"), f"ref{index + 1:02d}")
        return tender | reference | {"externalPaymentSystemId": "External"}

    def _transaction_id(self) -> str:
        return f"{self._store.store_id}-ANY-{self._stamps.compact}-{self._register_transaction}-3"

    def _line(self, line_number: int, item: _Item) -> Order:
        size, product = world.SIZES[item.size], item.product
        line: Order = {
            "productId": f"V{product.style}{size.replace('.', ''):0>7}",
            "variantGroupId": product.style,
            "name": f"{product.name} {product.color}",
            "price": number(product.price),
            "quantity": item.quantity,
            "productTax": self._line_taxes(item),
            "tax": number(item.tax),
            "orderItemId": str(line_number),
            "subTotal": number(item.sub_total),
            "total": number(item.total),
            "size": size,
            "color": product.color,
            "gtin": world.gtin(item.style, item.size),
            "fulfillmentType": "ONLINE" if item.shipped else "IN_STORE",
            "omniFulfillmentType": "SHIP_TO_HOME" if item.shipped else "IN_STORE",
            "salesAssociateId": _ASSOCIATE,
            "salesAssociateAttribution": [
                {"orderItemId": str(line_number), "storeId": self._store.store_id, "storeAssociateId": _ASSOCIATE}
            ],
            **world.QUIET_LINE,
        }
        if "omni_only" in self._traits:
            del line["fulfillmentType"]
        return line | self._line_discount(item)

    def _line_discount(self, item: _Item) -> Order:
        """Discounts are positive amounts; a line without one has 0, null or nothing at all."""
        if not item.discount:
            return self._rng.choice(({}, {"discount": 0}, {"discount": None, "priceAdjustments": None}))
        kind = "TRANSACTION_DISCOUNT" if "transaction_discount" in self._traits else "PRICE_OVERRIDE"
        amount = number(item.discount)
        adjustment = {"id": "adj01", "auto": False, "price": amount, "priceAdjustmentType": kind, "reasons": []}
        return {"discount": amount, "priceAdjustments": [adjustment]}

    def _line_taxes(self, item: _Item) -> Order:
        rates = []
        for tax, cents in zip(item.rates, item.taxes, strict=True):
            code = f"US-{tax.tax_type}---{tax.name}-{tax.rate}"
            amounts = {"taxAmount": number(cents), "perUnitTaxAmount": number(_cents(Decimal(cents) / item.quantity))}
            rates.append({"countryCode": "US", **_tax_names(tax), "taxClass": "PC040144", "taxCode": code, **amounts})
        block: Order = {} if "no_total_tax" in self._traits and rates else {"totalTax": number(item.tax)}
        return block | {"taxRates": rates}

    def _header_taxes(self) -> list[Order]:
        sums: dict[world.Tax, int] = {}
        for item in self._items:
            for tax, cents in zip(item.rates, item.taxes, strict=True):
                sums[tax] = sums.get(tax, 0) + cents
        fixed = {"chargeType": "TAX", "returnedTaxAmount": 0}
        amounts = {
            tax: {"taxAmount": number(cents), "remainingTaxAmount": number(cents)} for tax, cents in sums.items()
        }
        return [{**_tax_names(tax), **amounts[tax], **fixed} for tax in sums]

    def _activity(self, order: Order) -> Order:
        """The journal entry: the same sale once more, in the register's own words."""
        store_id, transaction_id = self._store.store_id, self._transaction_id()
        data = {
            "transactionId": transaction_id,
            "transactionTimeStamp": int(self._stamps.order_ms) - 123,
            "transactionType": "SALE",
            "orderId": self._stamps.order_id,
            "summary": self._summary(order),
            "storeAttribution": {"storeRegisterId": "ANY", "storeId": store_id, "secondsFromGMT": 7200},
            "numberOfLineItems": len(self._items),
            "receiptId": f"{store_id}-ANY-2026-{int(self._register_transaction):08d}",
            **{field: order[field] for field in ("taxRates", "tenders", "store", "productList")},
        }
        return {
            "transactionId": transaction_id,
            "storeId": store_id,
            "transactionType": "CREATE",
            "transactionDate": self._stamps.captured,
            "orderId": self._stamps.order_id,
            "transactionData": data,
        }

    def _summary(self, order: Order) -> Order:
        net = {
            "subTotal": order["orderSubTotal"],
            "discount": order["discount"],
            "tax": order["taxSubTotal"],
            "shippingCharges": order.get("shippingSubTotal", 0),
            "total": order["totalAmount"],
            "inStoreTotal": number(sum(item.total for item in self._items if not item.shipped)),
        }
        return {"netSummary": net, "refundSummary": {"subTotal": 0, "tax": 0, "total": 0}}


def number(cents: int) -> int | float:
    """An amount as the JSON number that PredictSpring writes: at most two decimals, none for whole amounts.

    :param cents: the exact amount.
    """
    return cents // 100 if cents % 100 == 0 else cents / 100


def _cents(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def _slim(order: Order) -> Order:
    return {field: _slim_value(value) for field, value in order.items() if field not in world.WORDY}


def _slim_value(value: Any) -> Any:
    if isinstance(value, dict):
        return _slim(value)
    return [_slim_value(inner) for inner in value] if isinstance(value, list) else value


def _town(place: world.Place) -> Order:
    return {"city": place.city, "state": place.state, "postalCode": place.postal_code}


def _tax_names(tax: world.Tax) -> Order:
    shown = f"{tax.name} - {tax.rate}%"
    return {
        "taxType": tax.tax_type,
        "taxRate": float(tax.rate),
        "taxName": tax.name,
        "displayTaxName": shown,
        "printTaxName": shown,
    }
