"""Why a record or file did not go out: one code per cause, in words for the people who read the reports.

Codes are stored in the ledger and shown in mails; never rename one, add a new one instead.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """One cause.

    :param title: the cause in plain words, as the heading of its group in a report.
    :param what_to_do: the next step for the reader of the report.
    """

    title: str
    what_to_do: str


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:]


_RESEND = "ask for the file again where it came from and drop it into the inbox"
_REPOST = (
    "have the order corrected and exported again (PredictSpring CMS or HotWax), and drop the new file into the inbox"
)

#: Causes that put a record or a file aside as an exception.
REASONS: dict[str, Reason] = {
    "FILE_EMPTY": Reason("The file is empty", f"{_sentence(_RESEND)}."),
    "FILE_TRUNCATED": Reason(
        "The file ends in the middle", f"The upload was cut: {_RESEND}. Nothing of this file was sent."
    ),
    "FILE_NOT_JSON": Reason("The file is not JSON", f"Check what was put into the folder; {_RESEND}."),
    "FILE_WRONG_ROOT": Reason(
        "The file holds something other than orders",
        "A file in the inbox holds one order object, an array of them, or one per line. Move other files elsewhere.",
    ),
    "FILE_ENCODING": Reason("The file is not UTF-8 text", f"Have it exported as UTF-8; {_RESEND}."),
    "FILE_NAME_UNSAFE": Reason(
        "The file name holds characters that are not safe in a path",
        "Rename the file on the SFTP server: letters, digits, dashes, underscores and dots are always safe.",
    ),
    "FILE_TOO_LARGE": Reason(
        "The file is larger than allowed",
        "If it is genuine, raise the limit under `limits` in the retailer's settings and run the flow again.",
    ),
    "FILE_BUNDLE_UNSAFE": Reason(
        "The compressed file is damaged or dangerous", f"Do not unpack it by hand; {_RESEND}."
    ),
    "RECORD_NOT_JSON": Reason("The order is not valid JSON", f"{_sentence(_REPOST)}."),
    "RECORD_WRONG_TYPE": Reason("A field holds the wrong kind of value", f"{_sentence(_REPOST)}."),
    "RECORD_TOO_DEEP": Reason("The order is nested too deeply to be genuine", f"{_sentence(_REPOST)}."),
    "DUPLICATE_FIELD": Reason(
        "A field stands twice in the order, with two values",
        f"Nobody can tell which one is meant: {_REPOST}.",
    ),
    "MISSING_ORDER_ID": Reason("The order has no orderId", f"{_sentence(_REPOST)}."),
    "NO_LINES": Reason("The order has no lines", f"{_sentence(_REPOST)}."),
    "DUPLICATE_LINE": Reason("Two lines of the order carry the same number", f"{_sentence(_REPOST)}."),
    "BAD_QUANTITY": Reason(
        "A quantity is zero, negative or not whole",
        f"If it is a return, enter it in HotWax by hand; otherwise {_REPOST}.",
    ),
    "BAD_MONEY": Reason(
        "An amount is missing, negative, too large or finer than the currency", f"{_sentence(_REPOST)}."
    ),
    "BAD_DATE": Reason("The order date is missing or cannot be read", f"{_sentence(_REPOST)}."),
    "BAD_CURRENCY": Reason(
        "The currency is not known",
        "Check the order; a new currency needs its number of decimals in contracts/money.py.",
    ),
    "UNKNOWN_FULFILMENT": Reason(
        "A line is neither in-store nor shipped",
        "A new fulfilment type needs a rule: add it to the lookup table fulfilment.csv, then bring the order again.",
    ),
    "RETURN": Reason(
        "It is a return or an exchange, not a plain sale",
        "Returns are not part of this feed: enter it in HotWax by hand or through the returns flow.",
    ),
    "TOTALS_MISMATCH": Reason(
        "The order's totals do not add up",
        f"Compare the two figures with the receipt or the order in HotWax; {_REPOST}.",
    ),
    "REQUIRED_FIELD": Reason(
        "A required field is empty",
        f"{_sentence(_REPOST)}; or give the field a default in its mapping or in the settings.",
    ),
    "UNMAPPED_VALUE": Reason(
        "A value is not in its lookup table",
        "Add the value to the lookup table named in the line, then bring the order again.",
    ),
    "VALUE_TOO_LONG": Reason(
        "A value is longer than the receiver accepts",
        "Shorten it where it comes from, then have the order exported again and drop the new file into the inbox.",
    ),
    "CHANGED_ORDER": Reason(
        "The order was already sent and has changed since",
        "Decide which version is right and correct the receiver's by hand (HotWax, or the invoice in Retail Pro). "
        "For order feeds, `on_changed_order: emit` sends changes, if HotWax takes them as new rows.",
    ),
    "RETAILPRO_REFUSED": Reason(
        "Retail Pro did not accept it",
        "Mend the cause that Retail Pro names (there, in HotWax or in a lookup table), then bring the order again.",
    ),
    "RETAILPRO_OTHER_CONTENT": Reason(
        "Retail Pro has a document of that number that says something else",
        "Compare both and correct Retail Pro's if it is wrong; if the order is in doubt, then answer: "
        "`python -m order_sync unknown resolve NUMBER delivered`.",
    ),
    "RETAILPRO_SEVERAL": Reason(
        "Retail Pro has more than one document of that number",
        "Void the surplus ones in Retail Pro, then answer: `python -m order_sync unknown resolve NUMBER delivered`.",
    ),
    "IN_DOUBT": Reason(
        "Nobody knows whether Retail Pro carried it out",
        "Look the number up in Retail Pro, then answer: "
        "`python -m order_sync unknown resolve NUMBER delivered` or `send-again`.",
    ),
    "NOT_FULFILLED": Reason(
        "An item of the order is not fulfilled yet",
        "Only completed orders are invoiced: check the order in HotWax and have it exported again once it is complete.",
    ),
    "NO_STORE": Reason(
        "No store shipped any item of the order",
        "Only digital items or virtual facilities are left: decide with the retailer which store invoices it, by hand.",
    ),
    "PART_PAID": Reason(
        "An order of a till is paid in part only",
        "Have the rest paid, or the total corrected in HotWax; then have the order exported again.",
    ),
    "NOT_A_TILL": Reason(
        "Everything of an order was taken away at a till, but its sales channel is that of none",
        "Add the channel to the setting `pos_channels` if it is one of a till, or correct the order in HotWax; then "
        "bring the order again. Orders of all channels go out with `other_channels: cash_sale`.",
    ),
    "MISSED_ORDER": Reason(
        "A completed order is no cash sale, and never went to NetSuite as a sales order",
        "If NetSuite has it, have HotWax know its id there; otherwise enter it by hand. `missed_orders: left_out` "
        "leaves all of them out.",
    ),
    "SEVERAL_STORES": Reason(
        "The lines of a cash sale left more than one store",
        "Enter it in NetSuite by hand, one cash sale for each store; or correct the order in HotWax and have it "
        "exported again.",
    ),
    "SHOPIFY_ADDRESS": Reason(
        "The order has no customer address",
        "Add an address to the order in Shopify (the link leads there). It is fetched again by itself.",
    ),
    "SHOPIFY_PHONE": Reason(
        "The order has no phone number",
        "Add a phone number to the order's address in Shopify (the link leads there). It is fetched again by itself.",
    ),
    "SHOPIFY_EMAIL": Reason(
        "The e-mail address is malformed",
        "Correct the address in Shopify (the link leads there). The order is fetched again by itself.",
    ),
    "SHOPIFY_NOTE": Reason(
        "The note holds emoji or control characters",
        "Take them out of the order's note in Shopify (the link leads there). The order is fetched again by itself.",
    ),
    "SHOPIFY_PRODUCT": Reason(
        "A line has no product",
        "Replace the custom item by a product in Shopify, or enter the order in HotWax by hand.",
    ),
    "FILE_WRONG_HEADER": Reason(
        "The file has the columns of another kind of file",
        "Move it to the folder where files of that kind belong; if its columns were changed, tell the integrator.",
    ),
    "HOTWAX_REFUSED": Reason(
        "HotWax did not import it", "Mend the cause that HotWax names, then bring the order again."
    ),
    "NETSUITE_REFUSED": Reason(
        "NetSuite did not accept it",
        "Mend the cause that NetSuite names (there, in HotWax or in a lookup table), then bring the order again. "
        "If NetSuite has it nevertheless, its id will solve this.",
    ),
    "NETSUITE_OTHER_CONTENT": Reason(
        "NetSuite has another one under this External ID",
        "Nothing of it was changed. Compare both: give NetSuite's another External ID, or correct it there; then bring "
        "this one again.",
    ),
    "SAME_EXTERNAL_ID": Reason(
        "Another customer goes to NetSuite under the same External ID",
        "Two customers of HotWax have one number of Shopify's: merge them there, or correct the number of one. If they "
        "are one person, nothing: once NetSuite's id is known, the next export tells it for both.",
    ),
    "NOT_CONFIRMED": Reason(
        "HotWax did not confirm it, and a person wants it sent again",
        "Nothing, if the run that was asked for it is green; else clear that run, or bring the order again.",
    ),
    "NO_ANSWER": Reason(
        "NetSuite gave no answer, and a person wants it sent again",
        "Nothing, if the run that was asked for it is green; else clear that run, or bring the order again.",
    ),
    "BAD_ROW": Reason(
        "A row of the file cannot be read",
        "Look at that line, a value may hold a comma that is not quoted. Enter what it says by hand, or correct a copy "
        "of the file and drop it into the inbox.",
    ),
    "PARTLY_SHIPPED": Reason(
        "A line was shipped in parts, which NetSuite cannot be told in this form",
        "Enter the shipment in NetSuite by hand; the setting `fulfilled: json` sends quantities by facility.",
    ),
}

#: Causes that leave a record out on purpose: counted, never an exception.
EXCLUSIONS: dict[str, Reason] = {
    "IN_STORE_SYNC_OFF": Reason(
        "In-store orders are not synced for this retailer", "Nothing: the stock variance still goes out."
    ),
    "ALREADY_SENT": Reason("The same order with the same content was sent before", "Nothing."),
    "OLDER_VERSION": Reason("A newer version of the order was sent before", "Nothing."),
    "POS_ORDER": Reason("The order was sold and invoiced at a till", "Nothing."),
    "SEND_SALE": Reason(
        "The order was invoiced at a till and shipped from another store", "Nothing: a manual slip moves the stock."
    ),
    "HAS_NETSUITE_ID": Reason("NetSuite has it already", "Nothing: the id that it has there is kept."),
    "POS_COMPLETED": Reason(
        "Everything of the order was taken away at a till", "Nothing: once it is completed it goes out as a cash sale."
    ),
    "TEST_ORDER": Reason("Shopify marks it as a test", "Nothing; `orders.import_test_orders` has tests imported, too."),
    "EXCLUDED_CHANNEL": Reason(
        "Orders of its sales channel do not go to NetSuite",
        "Nothing; which channels these are is the setting `excluded_channels`.",
    ),
    "NOT_CREATED": Reason(
        "The order is not, or no longer, in the status created",
        "Nothing, if NetSuite has it. One that was approved too early has to be entered there by hand.",
    ),
    "SALES_ORDER": Reason(
        "Not everything of the order was taken away at a till",
        "Nothing: it is no cash sale. It goes out, or went out, as a sales order.",
    ),
    "NOT_COMPLETED": Reason(
        "A cash sale that is not completed yet", "Nothing: it goes out once HotWax exports it as completed."
    ),
    "SENT_AS_SALES_ORDER": Reason("NetSuite gets, or has, the order as a sales order", "Nothing."),
    "SENT_AS_CASH_SALE": Reason("NetSuite gets, or has, the order as a cash sale", "Nothing."),
    "OTHER_VERSION": Reason(
        "NetSuite gets, or has, another version of the same Shopify order",
        "Nothing, if the order was refreshed in HotWax. If both versions are live there, cancel one of them.",
    ),
    "CANCELLED_ORDER": Reason("The order, or every line of it, is cancelled", "Nothing."),
    "NOT_FULLY_PAID": Reason(
        "Less was paid for the order than it costs, or it was paid back",
        "Nothing, if that is right: NetSuite gets no deposit. It gets one if HotWax exports the order as paid.",
    ),
    "PAYMENT_GONE": Reason(
        "The order came again without this payment", "Nothing: what it was paid with now has deposits of its own."
    ),
    "NOT_IN_NETSUITE": Reason("Its order does not go to NetSuite", "Nothing."),
    "NOT_ALLOCATED": Reason("The item was not given to a facility yet", "Nothing: it comes again once it was."),
    "HOTWAX_FULFILS": Reason("HotWax's own facilities ship it", "Nothing: NetSuite is told once it is shipped."),
    "NETSUITE_FULFILS": Reason("NetSuite shipped it itself", "Nothing."),
    "NOT_SHIPPED": Reason(
        "No facility shipped it", "Nothing: gift cards and digital goods are fulfilled in NetSuite itself."
    ),
    "KIT_COMPONENT": Reason("It is a component of a kit", "Nothing: NetSuite has a line for the kit."),
}

#: Causes for which a record waits; it wakes by itself when what it names is there.
WAITS: dict[str, Reason] = {
    "WAITS_FOR": Reason(
        "It waits for something that the partner does not know yet",
        "Nothing: it goes out when the id has come back; if it never does, look for the customer or product named.",
    ),
}

#: What a check finds between Shopify and HotWax, the most urgent first; each is a group in its mail.
FINDINGS: dict[str, Reason] = {
    "MISSING_IN_HOTWAX": Reason(
        "Shopify has the order, HotWax has not",
        "Nothing where the line says that it is imported now. Where it waits as an exception, mend the cause that the "
        "import's mail names. Otherwise trigger shopify_order_import with the numbers (Bring these orders again); what "
        "HotWax has confirmed before is imported there: EXIM, Shopify Jobs, Order Management, Import Shopify Orders.",
    ),
    "NO_ORDERS": Reason(
        "No orders in hours in which the shop usually sells",
        "Place a test order: look whether the checkout works, and whether the app may still see orders.",
    ),
    "TWO_LIVE_ORDERS": Reason(
        "HotWax has two live orders for one Shopify order",
        "Cancel one of them in HotWax before both are shipped: keep the one that NetSuite has, or that is further on. "
        "If it keeps happening, look whether several import jobs are pending there.",
    ),
    "CANCELLED_IN_SHOPIFY": Reason(
        "Cancelled in Shopify, alive in HotWax",
        "Cancel the order in HotWax, if it was not shipped; if it was, arrange its return.",
    ),
    "CANCELLED_IN_HOTWAX": Reason(
        "Cancelled in HotWax, alive in Shopify",
        "Cancel and refund the order in Shopify; if it was cancelled by mistake, have it imported anew in HotWax.",
    ),
    "TO_BE_REFRESHED": Reason(
        "Stuck in Created: fulfilled in Shopify meanwhile",
        "Open the order in HotWax (View Sales Order) and press Refresh order. A new version takes the place of this "
        "one, which is cancelled with the tag old version. The next check looks whether it worked.",
    ),
    "WRONGLY_REFRESHED": Reason(
        "A refreshed order is not as it should be",
        "Compare the versions in HotWax (statuses Completed and Cancelled) with Shopify: refresh the order once more, "
        "or set the status by hand.",
    ),
    "NOT_APPROVED": Reason(
        "Stuck in Created: not approved",
        "Give the order the attribute that it lacks; the job Approve Orders does the rest. If it lacks none, look "
        "whether that job runs.",
    ),
    "NOT_FULFILLED_IN_SHOPIFY": Reason(
        "Stuck in Created: an order of a till that is not fulfilled in Shopify",
        "Ask the store: fulfil the order in Shopify if it was handed over, else cancel it there.",
    ),
}
