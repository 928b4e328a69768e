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
    "FILE_WRONG_HEADER": Reason(
        "The file has the columns of another kind of file",
        "Move it to the folder where files of that kind belong; if its columns were changed, tell the integrator.",
    ),
    "HOTWAX_REFUSED": Reason(
        "HotWax did not import it", "Mend the cause that HotWax names, then bring the order again."
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
    "EXCLUDED_CHANNEL": Reason(
        "Orders of its sales channel do not go to NetSuite",
        "Nothing; which channels these are is the setting `excluded_channels`.",
    ),
    "NOT_CREATED": Reason(
        "The order is not, or no longer, in the status created",
        "Nothing, if NetSuite has it. One that was approved too early has to be entered there by hand.",
    ),
    "CANCELLED_ORDER": Reason("The order, or every line of it, is cancelled", "Nothing."),
}

#: Causes for which a record waits; it wakes by itself when what it names is there.
WAITS: dict[str, Reason] = {
    "WAITS_FOR": Reason(
        "It waits for something that the partner does not know yet",
        "Nothing: it goes out when the id has come back; if it never does, look for the customer or product named.",
    ),
}
