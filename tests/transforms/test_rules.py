"""What the rules make of an order: in-store or shipped, a return, wrong; and the words in which they say so."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from order_sync.reasons import REASONS
from order_sync.settings import include_folder
from order_sync.transforms.predictspring_orders import PredictSpringOrders
from sandbox.predictspring import Shop, dump
from tests.transforms.kit import Order, column, lines_of, run, settings, transform, without
from tests.transforms.orders import PLACED, SHIPPED, STORE, TAKEN, in_store, mixed, one_line, send_sale

TAKEN_WORDS, SHIPPED_WORDS = ["IN_STORE"], ["ONLINE", "SHIP_TO_HOME", "SHIP_TO_HOME_CURRENT_STORE"]
OWN = [None, "", "IN_STORE", "ONLINE", "SHIP_TO_HOME", "PICKUP"]
STATUS = {"in_store": "ITEM_COMPLETED", "shipped": "ITEM_APPROVED"}


def expected(own: str | None, omni: str | None, header: str | None) -> str:
    """The rule in the partner's words: the line's own field, else the omni field, else the header's; never a guess."""
    meaning = {**dict.fromkeys(TAKEN_WORDS, "in_store"), **dict.fromkeys(SHIPPED_WORDS, "shipped")}
    said = [meaning.get(word, "?") for word in (own, omni) if word]
    if not said:
        said = [meaning.get(header or "", "?")]
    return said[0] if len(set(said)) == 1 else "?"


@pytest.mark.parametrize("header", [None, "IN_STORE", "ONLINE", "SOMETHING"])
def test_classification_table(header: str | None) -> None:
    """Every combination of the three fields, side by side in one batch."""
    orders, wanted = [], {}
    for own in OWN:
        for omni in [*OWN, "SHIP_TO_HOME_CURRENT_STORE"]:
            key = f"{own}/{omni}"
            line = SHIPPED | {"fulfillmentType": own, "omniFulfillmentType": omni}
            orders.append(send_sale(orderId=key, orderProductList=[line], fulfillmentType=header))
            wanted[key] = expected(own, omni, header)
    result = run(orders)
    found = {row["external-id"]: row["item-status-id"] for row in result.rows}
    assert found == {key: STATUS[kind] for key, kind in wanted.items() if kind in STATUS}
    assert result.reasons == {key: "UNKNOWN_FULFILMENT" for key, kind in wanted.items() if kind == "?"}
    in_store_keys = [key for key, kind in wanted.items() if kind == "in_store"]
    assert [one["comments"].removesuffix("-2") for one in result.stock] == in_store_keys


def test_kind_of_an_order() -> None:
    result = run([in_store(), send_sale(), mixed(), in_store(orderProductList=[])])
    kinds = result.mapped[0].judgement.sheet.text["fact.kind"].to_pylist()
    assert kinds == ["in_store", "send_sale", "mixed", None]


def line(order: Order, **changes: Any) -> Order:
    """The order with its first line changed."""
    return order | {"orderProductList": lines_of(order, changes) + order["orderProductList"][1:]}


def without_figures(**changes: Any) -> Order:
    return one_line(10) | changes


REJECTS: list[tuple[Order, str, str, str]] = [
    (in_store(orderId=None), "MISSING_ORDER_ID", "orderId", "orderId is empty."),
    (in_store(orderId="  "), "MISSING_ORDER_ID", "orderId", "orderId is empty."),
    (without(in_store(), "orderId"), "MISSING_ORDER_ID", "orderId", "orderId is empty."),
    (in_store(orderProductList=[]), "NO_LINES", "orderProductList", "orderProductList is empty."),
    (in_store(orderProductList=None), "NO_LINES", "orderProductList", "orderProductList is empty."),
    (
        in_store(orderProductList=[TAKEN, TAKEN | {"orderItemId": " 1 "}]),
        *("DUPLICATE_LINE", "orderItemId", "orderItemId '1' comes twice."),
    ),
    (line(in_store(), quantity=0), "BAD_QUANTITY", "quantity", "line 1: quantity is 0."),
    (line(in_store(), quantity=-2), "BAD_QUANTITY", "quantity", "line 1: quantity is -2."),
    (line(in_store(), quantity=Decimal("1.5")), "BAD_QUANTITY", "quantity", "line 1: quantity is 1.5."),
    (line(in_store(), quantity=None), "BAD_QUANTITY", "quantity", "line 1: quantity is absent."),
    (line(in_store(), quantity=100_001), "BAD_QUANTITY", "quantity", "line 1: quantity is 100001."),
    (
        line(in_store(), fulfillmentType="DRONE"),
        *("UNKNOWN_FULFILMENT", "fulfillmentType"),
        "line 1: fulfillmentType 'DRONE', omniFulfillmentType 'IN_STORE', the order's 'IN_STORE'.",
    ),
    (
        line(mixed(), fulfillmentType=None, omniFulfillmentType=None),
        *("UNKNOWN_FULFILMENT", "fulfillmentType"),
        "line 1: fulfillmentType None, omniFulfillmentType None, the order's None.",
    ),
    (
        in_store(orderDate=None),
        *("BAD_DATE", "orderDate", "orderDate is absent, creationDate is None."),
    ),
    (
        in_store(orderDate=None, creationDate="12/01/2024"),
        *("BAD_DATE", "orderDate", "orderDate is absent, creationDate is '12/01/2024'."),
    ),
    (in_store(orderDate=0), "BAD_DATE", "orderDate", "orderDate is 0, creationDate is None."),
    (
        in_store(orderDate=946684799999),
        *("BAD_DATE", "orderDate", "orderDate is 946684799999, creationDate is None."),
    ),
    (
        in_store(orderDate=4102444800000),
        *("BAD_DATE", "orderDate", "orderDate is 4102444800000, creationDate is None."),
    ),
    (in_store(currency="BTC"), "BAD_CURRENCY", "currency", "currency is 'BTC'."),
    (in_store(currency="US$"), "BAD_CURRENCY", "currency", "currency is 'US$'."),
    (in_store(totalAmount=None), "BAD_MONEY", "totalAmount", "totalAmount is absent."),
    (in_store(totalAmount=-1), "BAD_MONEY", "totalAmount", "totalAmount is -1."),
    (in_store(totalAmount=Decimal("217.861")), "BAD_MONEY", "totalAmount", "totalAmount is 217.861."),
    (in_store(shippingSubTotal=-1), "BAD_MONEY", "shippingSubTotal", "shippingSubTotal is -1."),
    (in_store(totalAmount=10**12), "BAD_MONEY", "totalAmount", "totalAmount is 1000000000000."),
    (line(in_store(), price=None), "BAD_MONEY", "price", "line 1: price is absent."),
    (line(in_store(), price=-1), "BAD_MONEY", "price", "line 1: price is -1."),
    (line(in_store(), discount=-1), "BAD_MONEY", "discount", "line 1: discount is -1."),
    (
        line(in_store(), productTax={"totalTax": Decimal("0.001")}),
        *("BAD_MONEY", "productTax.totalTax", "line 1: productTax.totalTax is 0.001."),
    ),
    (one_line(Decimal("0.5"), currency="JPY"), "BAD_MONEY", "totalAmount", "totalAmount is 0.5."),
    (one_line(Decimal("1.0001"), currency="KWD"), "BAD_MONEY", "totalAmount", "totalAmount is 1.0001."),
    (
        line(one_line(10), price=99_000_000_000, quantity=100_000),
        *("BAD_MONEY", "price", "line 1: price x quantity is too large."),
    ),
    (
        line(in_store(), discount=None, priceAdjustments=[{"price": 1}, {"price": -2}]),
        *("BAD_MONEY", "priceAdjustments.price"),
        "line 1: the sum of priceAdjustments.price is negative, too large or too fine.",
    ),
    (
        line(in_store(), tax=None, productTax={"taxRates": [{"taxAmount": Decimal("17.8599")}]}),
        *("BAD_MONEY", "productTax.taxRates.taxAmount"),
        "line 1: the sum of productTax.taxRates.taxAmount is negative, too large or too fine.",
    ),
    (
        line(in_store(), price=99_999_999_999_999),
        *("BAD_MONEY", "price", "line 1: price is 99999999999999."),
    ),
    (
        in_store(tenders=[{"paymentMethod": "Cash", "amountAuthorized": -1}]),
        *("BAD_MONEY", "tenders.amountAuthorized", "payment Cash: amountAuthorized is -1."),
    ),
    (
        in_store(tenders=[{"paymentMethod": "Cash", "amountAuthorized": Decimal("0.125")}]),
        *("BAD_MONEY", "tenders.amountAuthorized", "payment Cash: amountAuthorized is 0.125."),
    ),
    (
        line(in_store(), subTotal=200),
        *("TOTALS_MISMATCH", "subTotal", "line 1: subTotal says 200.00, price x quantity is 201.00."),
    ),
    (
        line(in_store(), tax=18),
        *("TOTALS_MISMATCH", "tax", "line 1: tax says 18.00, productTax.totalTax is 17.86."),
    ),
    (
        line(in_store(), total=218),
        *("TOTALS_MISMATCH", "total"),
        "line 1: total says 218.00, price x quantity - discount + tax is 217.86.",
    ),
    (
        in_store(orderSubTotal=202),
        *("TOTALS_MISMATCH", "orderSubTotal", "orderSubTotal says 202.00, the sum of price x quantity is 201.00."),
    ),
    (
        in_store(discount=2),
        *("TOTALS_MISMATCH", "discount", "discount says 2.00, the sum of the lines' discounts is 1.00."),
    ),
    (
        in_store(taxSubTotal=0),
        *("TOTALS_MISMATCH", "taxSubTotal", "taxSubTotal says 0.00, the sum of the lines' taxes is 17.86."),
    ),
    (
        in_store(totalAmount=Decimal("217.87")),
        *("TOTALS_MISMATCH", "totalAmount"),
        "totalAmount says 217.87, lines + shipping + shipping tax is 217.86.",
    ),
    (
        one_line(Decimal("1.005"), currency="KWD", totalAmount=1),
        *("TOTALS_MISMATCH", "totalAmount", "totalAmount says 1.000, lines + shipping + shipping tax is 1.005."),
    ),
    (line(in_store(), gtin=" "), "REQUIRED_FIELD", "product-id-value", "line 1: product-id-value would be empty."),
    (
        line(in_store(), orderItemId=None),
        *("REQUIRED_FIELD", "item-external-id", "line None: item-external-id would be empty."),
    ),
    (
        in_store(store=None),
        *("REQUIRED_FIELD", "address-line-1", "line 1: address-line-1 would be empty."),
    ),
    (
        in_store(store=STORE | {"city": ""}),
        *("REQUIRED_FIELD", "city", "line 1: city would be empty."),
    ),
    (
        send_sale(shippingAddress=None),
        *("REQUIRED_FIELD", "address-line-1", "line 2: address-line-1 would be empty."),
    ),
    (
        in_store(storeId=None),
        *("REQUIRED_FIELD", "external-placing-facility-id", "external-placing-facility-id would be empty."),
    ),
    (
        in_store(storeId="999"),
        *("UNMAPPED_VALUE", "order.storeId"),
        "order.storeId is '999', which the lookup table facility.csv does not hold.",
    ),
    (
        in_store(tenders=[{"paymentMethod": "Shells", "amountAuthorized": 1}]),
        *("UNMAPPED_VALUE", "fact.largest_tender"),
        "fact.largest_tender is 'Shells', which the lookup table payment_method.csv does not hold.",
    ),
    (
        send_sale(shippingName="Drone"),
        *("UNMAPPED_VALUE", "order.shippingName"),
        "order.shippingName is 'Drone', which the lookup table shipping_method.csv does not hold.",
    ),
    (
        in_store(orderId="x" * 61),
        *("VALUE_TOO_LONG", "external-id", "external-id would have 61 characters, at most 60 are allowed."),
    ),
    (
        line(in_store(), gtin="1" * 61),
        *("VALUE_TOO_LONG", "product-id-value"),
        "product-id-value would have 61 characters, at most 60 are allowed.",
    ),
]


NAMES = [f"{at}-{reason}-{field}" for at, (_, reason, field, _) in enumerate(REJECTS)]


@pytest.mark.parametrize(("order", "reason", "field", "message"), REJECTS, ids=NAMES)
def test_rejects(order: Order, reason: str, field: str, message: str) -> None:
    """One bad order between two good ones: it stays out of both feeds, they do not."""
    good = [in_store(orderId="A"), mixed(orderId="Z")]
    cause = run([order]).cause
    assert (cause.reason, cause.field, cause.message) == (reason, field, message)
    assert cause.next_step == REASONS[reason].what_to_do
    both = run([good[0], order, good[1]])
    assert both.feed == run(good).feed
    assert both.variance == run(good).variance
    assert list(both.reasons.values()) == [reason]


def test_the_first_cause_stands() -> None:
    """An order with many faults is reported once, for the most basic of them."""
    ruin = in_store(storeId="999", currency="BTC", orderDate=0, totalAmount=-1)
    assert run([line(ruin, quantity=0)]).cause.reason == "BAD_QUANTITY"
    assert run([ruin]).cause.reason == "BAD_DATE"
    assert run([line(ruin | {"returnProductList": [{}]}, quantity=-1)]).cause.reason == "RETURN"


def test_the_first_bad_line_is_named() -> None:
    lines = lines_of(in_store(), {}, {"orderItemId": "2", "quantity": 0}, {"orderItemId": "3", "quantity": -1})
    assert run([in_store(orderProductList=lines)]).cause.message == "line 2: quantity is 0."


def test_figures_that_are_absent_are_not_compared() -> None:
    slim = line(in_store(), subTotal=None, tax=None, total=None)
    names = ("orderSubTotal", "discount", "taxSubTotal")
    assert run([slim | dict.fromkeys(names)]).feed == run([in_store()]).feed
    assert run([without(slim, *names)]).feed == run([in_store()]).feed


def test_a_shipping_address_is_not_asked_of_an_in_store_order_nor_a_method() -> None:
    order = in_store(shippingAddress=None, shippingName="Drone", shippingSubTotal=None)
    assert run([order]).feed == run([in_store()]).feed


def test_a_long_name_is_cut_not_refused() -> None:
    row = run([in_store(billingAddress={"firstName": "é" * 101, "lastName": "🙂" * 100})]).row
    assert (row["first-name"], row["last-name"]) == ("é" * 100, "🙂" * 100)


RETURNS: list[tuple[Order, str, str]] = [
    (in_store(returnProductList=[{"orderItemId": "1"}]), "returnProductList", "it names returned products or refunds."),
    (in_store(refundPaymentDetails=[{}]), "returnProductList", "it names returned products or refunds."),
    (line(in_store(), isReturnRelated=True), "isReturnRelated", "a line is marked as part of a return."),
    (line(in_store(), isReturnRelated="true"), "isReturnRelated", "a line is marked as part of a return."),
    (
        in_store(orderActivityLog=[{"transactionData": {"transactionType": kind}} for kind in ("SALE", "RETURN")]),
        *("transactionType", "a transaction of it is no SALE."),
    ),
    (
        in_store(orderActivityLog=[{"transactionData": {"transactionType": "EXCHANGE"}}]),
        *("transactionType", "a transaction of it is no SALE."),
    ),
    (
        in_store(tenders=[{"paymentMethod": "Cash", "totalAmountCarriedOverForExchange": Decimal("0.01")}]),
        *("tenders", "a payment is carried over from an exchange."),
    ),
    (
        in_store(tenders=[{"paymentMethod": "Cash", "totalAmountCarriedOverForExchange": -5}]),
        *("tenders", "a payment is carried over from an exchange."),
    ),
]


@pytest.mark.parametrize(("order", "field", "message"), RETURNS)
def test_every_mark_of_a_return(order: Order, field: str, message: str) -> None:
    cause = run([order]).cause
    assert (cause.reason, cause.field, cause.message) == ("RETURN", field, message)


@pytest.mark.parametrize(
    "order",
    [
        in_store(returnProductList=[], refundPaymentDetails=[]),
        in_store(returnProductList=None, refundPaymentDetails=None),
        line(in_store(), isReturnRelated=False),
        line(in_store(), isReturnRelated=None),
        in_store(orderActivityLog=[{"transactionData": {"transactionType": "SALE"}}, {"transactionData": None}]),
        in_store(orderActivityLog=[{"transactionType": "CREATE"}]),
    ],
)
def test_what_is_no_mark_of_a_return(order: Order) -> None:
    assert run([order]).feed == run([in_store()]).feed


def test_returns_and_exchanges_of_the_shop_never_go_out_as_sales() -> None:
    shop = Shop(4)
    sale, returned = shop.exchange_order(3, 2)
    orders = [dump(one) for one in (shop.return_order(1), sale, returned)]
    result = run(orders)
    assert set(result.reasons.values()) == {"RETURN"}
    assert len(result.mapped[0].judgement.verdicts.causes) == 3
    assert result.rows == result.stock == []


def test_totals_are_known_even_of_rejected_orders() -> None:
    """In = emitted + left out + rejected holds in money too, so the total of a rejected order counts."""
    (frame,) = run([in_store(storeId="999"), in_store(currency="BTC"), in_store(totalAmount=None), mixed()]).mapped
    total = frame.judgement.total
    assert total.present.tolist() == [True, False, False, True]
    assert total.values[[0, 3]].tolist() == [21786, 26019]
    assert frame.judgement.currency == ["USD", "", "USD", "USD"]
    assert frame.judgement.updated.values.tolist() == [PLACED + 5_000] * 4


def test_an_undecodable_record_is_set_aside_alone() -> None:
    orders: list[Any] = [in_store(orderId=f"A{n}") for n in range(200)]
    orders[137] = b'{"orderId":"A137","totalAmount":}'
    result = run(orders)
    assert result.reasons == {"#137": "RECORD_NOT_JSON"}
    assert column(result.rows, "external-id") == [f"A{n}" for n in range(200) if n != 137]


def test_nothing_but_undecodable_records() -> None:
    result = run([b"[1]", b"nonsense", b"\xff"])
    assert result.reasons == {"#0": "RECORD_NOT_JSON", "#1": "RECORD_NOT_JSON", "#2": "FILE_ENCODING"}
    assert result.rows == result.stock == []


def test_a_new_word_needs_only_a_line_in_the_table(tmp_path: Path) -> None:
    include = tmp_path / "include"
    shutil.copytree(include_folder(), include)
    own = include / "mappings" / "lookups" / "acme"
    own.mkdir()
    table = (include / "mappings" / "lookups" / "fulfilment.csv").read_text() + "DRONE,shipped,by air\n"
    (own / "fulfilment.csv").write_text(table)
    order = send_sale(orderProductList=lines_of(send_sale(), {"fulfillmentType": "DRONE"}))
    using = PredictSpringOrders(settings(), include, "acme")
    assert run([order], using).row["facility-id"] == "_NA_"
    assert using.version != transform().version
