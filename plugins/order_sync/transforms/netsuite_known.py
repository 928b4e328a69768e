"""What is known beside a feed and asked for, frame by frame, while its records are judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

#: Tells NetSuite's ids by keys of ours, such as customers by HotWax's party ids; those that it lacks are left out.
Known = Callable[[Sequence[str]], Mapping[str, str]]
#: Tells of some orders, by HotWax's order ids, whether another flow sent them to NetSuite, as far as it took them up.
Elsewhere = Callable[[Sequence[str]], Mapping[str, bool]]
#: Tells which of some orders (HotWax's id to Shopify's number) are another version of one that NetSuite gets or has.
#: The second argument says whether the others go out now.
OtherVersions = Callable[[Mapping[str, str], bool], set[str]]


def nothing(_keys: Sequence[str]) -> dict[str, Any]:
    """No id is known, and no other flow took anything up."""
    return {}


def no_versions(_orders: Mapping[str, str], _going: bool) -> set[str]:
    """Every order is the only version of its own."""
    return set()
