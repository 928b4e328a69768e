"""The questions to Shopify's Admin GraphQL API (names: its 2026-10 schema, shopify.dev).

An order comes with the first of its lines, refunds, fulfilments and payments; what does not fit into the page is asked
for by the id of what it belongs to. A bulk operation takes no connection inside of a list, so that the lines of
refunds and of fulfilments always have to be asked for in this way.
"""

from __future__ import annotations

_MONEY = "{ shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }"
_TAXES = f"{{ title rate priceSet {_MONEY} }}"
_DISCOUNTS = (
    f"{{ allocatedAmountSet {_MONEY} discountApplication {{ __typename targetType ... on DiscountCodeApplication "
    "{ code } ... on ManualDiscountApplication { title description } ... on AutomaticDiscountApplication { title } } }"
)
_ADDRESS = (
    "{ name firstName lastName company address1 address2 city province provinceCode country countryCodeV2 zip phone }"
)
_HEADER = f"""
id legacyResourceId name number confirmationNumber sourceName sourceIdentifier app {{ name }}
retailLocation {{ legacyResourceId name }} createdAt updatedAt processedAt cancelledAt cancelReason closedAt confirmed
test tags note customAttributes {{ key value }} currencyCode presentmentCurrencyCode taxesIncluded poNumber
requiresShipping displayFinancialStatus displayFulfillmentStatus returnStatus email phone paymentGatewayNames
totalPriceSet {_MONEY} subtotalPriceSet {_MONEY} totalTaxSet {_MONEY} totalDiscountsSet {_MONEY}
totalShippingPriceSet {_MONEY} currentTotalPriceSet {_MONEY} totalReceivedSet {_MONEY} totalRefundedSet {_MONEY}
totalTipReceivedSet {_MONEY} totalOutstandingSet {_MONEY}
customer {{ legacyResourceId firstName lastName defaultEmailAddress {{ emailAddress }}
  defaultPhoneNumber {{ phoneNumber }} defaultAddress {_ADDRESS} }}
shippingAddress {_ADDRESS} billingAddress {_ADDRESS}
"""
_LINE = f"""
id sku name title variantTitle quantity currentQuantity unfulfilledQuantity requiresShipping isGiftCard taxable
originalUnitPriceSet {_MONEY} discountedUnitPriceSet {_MONEY} discountAllocations {_DISCOUNTS} taxLines {_TAXES}
variant {{ legacyResourceId sku barcode }} product {{ legacyResourceId }} customAttributes {{ key value }}
"""
_SHIPPING = f"""
id title code source carrierIdentifier isRemoved originalPriceSet {_MONEY} discountedPriceSet {_MONEY}
taxLines {_TAXES} discountAllocations {_DISCOUNTS}
"""
_PAYMENT = f"""
id kind status gateway formattedGateway test createdAt processedAt amountSet {_MONEY} parentTransaction {{ id }}
paymentDetails {{ ... on CardPaymentDetails {{ company paymentMethodName }} }}
"""
_FULFILMENT = """
id status createdAt updatedAt location { legacyResourceId name } trackingInfo(first: 10) { company number url }
"""
_FULFILMENT_LINE = "{ id quantity lineItem { id } }"
_REFUND = f"id createdAt updatedAt note totalRefundedSet {_MONEY}"
_REFUND_LINE = f"{{ quantity restockType lineItem {{ id }} subtotalSet {_MONEY} totalTaxSet {_MONEY} }}"
_PAGE = "pageInfo { hasNextPage endCursor }"

#: An order whole, as far as its parts fit into ``$parts``.
_ORDER = f"""
{_HEADER}
shippingLines(first: $parts) {{ nodes {{ {_SHIPPING} }} {_PAGE} }}
lineItems(first: $parts) {{ nodes {{ {_LINE} }} {_PAGE} }}
transactions(first: $parts) {{ {_PAYMENT} }}
fulfillments(first: $parts) {{ {_FULFILMENT}
  fulfillmentLineItems(first: $parts) {{ nodes {_FULFILMENT_LINE} {_PAGE} }} }}
refunds(first: $parts) {{ {_REFUND} refundLineItems(first: $parts) {{ nodes {_REFUND_LINE} {_PAGE} }} }}
"""

#: A page of orders in the order of their last change. Variables: search, size, parts, after.
ORDERS = f"""
query Orders($search: String!, $size: Int!, $parts: Int!, $after: String) {{
  orders(first: $size, after: $after, query: $search, sortKey: UPDATED_AT) {{ nodes {{ {_ORDER} }} {_PAGE} }}
}}
"""
#: Some orders by their ids; null for what does not exist. Variables: ids, parts.
ORDERS_BY_ID = f"query OrdersById($ids: [ID!]!, $parts: Int!) {{ nodes(ids: $ids) {{ ... on Order {{ {_ORDER} }} }} }}"
#: Ids and little else, for a search. Variables: search, size, after.
ORDER_HEADS = f"""
query OrderHeads($search: String!, $size: Int!, $after: String) {{
  orders(first: $size, after: $after, query: $search, sortKey: CREATED_AT) {{
    nodes {{ id name createdAt updatedAt cancelledAt sourceName displayFulfillmentStatus }} {_PAGE} }}
}}
"""
#: How many orders a search finds, all of them. Variable: search.
ORDERS_COUNT = "query OrdersCount($search: String!) { ordersCount(query: $search, limit: null) { count precision } }"
#: What the app may see. A question of its own, before the first search.
ACCESS = "query Access { currentAppInstallation { accessScopes { handle } } }"

#: The rest of a connection, by its name. Variables: id, size, after.
REST_OF: dict[str, str] = {
    name: (
        f"query RestOf{name[0].upper()}{name[1:]}($id: ID!, $size: Int!, $after: String) {{ node(id: $id) {{ ... on "
        f"{owner} {{ {stamp} {name}(first: $size, after: $after) {{ nodes {fields} {_PAGE} }} }} }} }}"
    )
    for name, owner, stamp, fields in (
        ("lineItems", "Order", "updatedAt", f"{{ {_LINE} }}"),
        ("shippingLines", "Order", "updatedAt", f"{{ {_SHIPPING} }}"),
        ("fulfillmentLineItems", "Fulfillment", "updatedAt", _FULFILMENT_LINE),
        ("refundLineItems", "Refund", "updatedAt", _REFUND_LINE),
    )
}
#: A list that has no pages: as much of it as Shopify gives, without the lines of its elements. Variables: id, parts.
WHOLE_LIST: dict[str, str] = {
    name: f"query Whole{name.capitalize()}($id: ID!, $parts: Int!) {{ node(id: $id) {{ ... on Order {{ updatedAt "
    f"{name}(first: $parts) {{ {fields} }} }} }} }}"
    for name, fields in (
        ("transactions", _PAYMENT),
        ("fulfillments", _FULFILMENT),
        ("refunds", _REFUND),
    )
}

#: Fulfilments, or refunds, by their ids. Variables: ids, parts.
PARTS_BY_ID: dict[str, str] = {
    name: (
        f"query {owner}sById($ids: [ID!]!, $parts: Int!) {{ nodes(ids: $ids) {{ ... on {owner} {{ {fields} "
        f"{inner}(first: $parts) {{ nodes {lines} {_PAGE} }} }} }} }}"
    )
    for name, owner, fields, inner, lines in (
        ("fulfillments", "Fulfillment", _FULFILMENT, "fulfillmentLineItems", _FULFILMENT_LINE),
        ("refunds", "Refund", _REFUND, "refundLineItems", _REFUND_LINE),
    )
}

#: What a bulk operation asks; ``%s`` is the search as a GraphQL string. Never sorted: sorted ones lost orders.
BULK_ORDERS = f"""
{{ orders(query: %s) {{ edges {{ node {{ {_HEADER}
  transactions {{ {_PAYMENT} }} fulfillments {{ id }} refunds {{ id }}
  lineItems {{ edges {{ node {{ {_LINE} }} }} }} shippingLines {{ edges {{ node {{ {_SHIPPING} }} }} }}
}} }} }} }}
"""
BULK_RUN = """
mutation BulkRun($query: String!) { bulkOperationRunQuery(query: $query, groupObjects: false) {
  bulkOperation { id status } userErrors { field message code } } }
"""
BULK_STATE = """
query BulkState($id: ID!) { node(id: $id) { ... on BulkOperation {
  id status errorCode url objectCount rootObjectCount fileSize createdAt completedAt } } }
"""
BULK_CANCEL = """
mutation BulkCancel($id: ID!) { bulkOperationCancel(id: $id) {
  bulkOperation { id status } userErrors { field message } } }
"""
