"""Text from partners made safe to show: one line, nothing invisible, nothing a mail cannot carry."""

from __future__ import annotations

import re

_SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# Marks that change the direction of the text around them can make a line read as something else.
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def one_line(text: str, limit: int | None = None) -> str:
    """Text on one line that can be encoded, without control characters and direction marks.

    :param limit: longest result in characters; what is cut is replaced by ``…``.
    """
    clean = _LONE_SURROGATE.sub("\ufffd", _INVISIBLE.sub("", _SPACES.sub(" ", text))).strip()
    return clean if limit is None or len(clean) <= limit else clean[: limit - 1].rstrip() + "…"
