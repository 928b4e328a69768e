"""One record of a HotWax feed, decoded into a structure; what does not fit is told with the path of the field."""

from __future__ import annotations

import re
from typing import Generic, TypeVar

import msgspec

from order_sync.errors import BadInput

T = TypeVar("T")
_PATH = re.compile(r" - at `\$\.?(.*)`$")


class Reader(Generic[T]):
    """Decodes records of one kind.

    :param kind: the structure.
    :param name: what messages call a record.
    """

    def __init__(self, kind: type[T], name: str) -> None:
        self._decoder, self._name = msgspec.json.Decoder(kind), name

    def decode(self, data: bytes) -> T:
        """Read one record.

        :raises BadInput: ``FILE_ENCODING``, ``RECORD_NOT_JSON``, ``RECORD_TOO_DEEP``, or ``RECORD_WRONG_TYPE`` with
            the path of the field.
        """
        try:
            return self._decoder.decode(data)
        except msgspec.ValidationError as error:
            found = _PATH.search(str(error))
            path = found[1] if found else ""
            problem = _PATH.sub("", str(error))
            raise BadInput("RECORD_WRONG_TYPE", f"field {path or self._name}: {problem}.", field=path) from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _unreadable(data, error) from error
        except RecursionError as error:
            raise BadInput("RECORD_TOO_DEEP", "it is nested too deeply to be read.") from error


def _unreadable(data: bytes, error: Exception) -> BadInput:
    try:
        data.decode()
    except UnicodeDecodeError as wrong:
        return BadInput("FILE_ENCODING", f"byte {wrong.start} of the record is not UTF-8 (Latin-1 perhaps).")
    return BadInput("RECORD_NOT_JSON", f"{error}.")
