"""Import files that are a list in JSON, read element by element, and the error files that answer them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sandbox.hotwax.csv_file import ERROR_COLUMN
from sandbox.hotwax.models import FileError, Record

#: Numbers keep the text they were sent with.
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str)
_BLANKS = " \t\r\n"


def elements(text: str) -> Iterator[tuple[Any, str]]:
    """Read the elements one by one, so that those before a break in the file are imported.

    :param text: of the file.
    :returns: each element with its text; its numbers are text, too.
    :raises FileError: when the root is not an array, or where the JSON breaks off.
    """
    at = _after_blanks(text, 0)
    if text[at : at + 1] != "[":
        raise FileError("Invalid Format: the file is not a JSON array")
    at = _after_blanks(text, at + 1)
    while text[at : at + 1] != "]":
        try:
            element, end = _DECODER.raw_decode(text, at)
        except (json.JSONDecodeError, RecursionError) as error:
            raise FileError(f"Invalid Format: {error}") from error
        yield element, text[at:end]
        at = _after_blanks(text, end)
        if text[at : at + 1] == ",":
            at = _after_blanks(text, at + 1)
        elif text[at : at + 1] != "]":
            raise FileError(f"Invalid Format: the array breaks off at character {at}")


def error_list(refused: list[tuple[Record, str]], *, reason: str = ERROR_COLUMN) -> bytes:
    """Write the error file: the refused elements, each with its reason added.

    :param refused: the records with their reasons.
    :param reason: name of the member that tells why.
    """
    return f"[{','.join(_with_reason(record.text, reason, message) for record, message in refused)}]".encode()


def _after_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANKS:
        at += 1
    return at


def _with_reason(text: str, name: str, message: str) -> str:
    reason = f"{json.dumps(name)}:{json.dumps(message)}"
    if not text.startswith("{"):
        return f'{{"record":{text},{reason}}}'
    body = text[:-1].rstrip()
    return f"{body}{'' if body.endswith('{') else ','}{reason}}}"
