"""Reading multipart/form-data bodies, byte for byte."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser


class FormError(ValueError):
    """The body is not a readable form."""


@dataclass(frozen=True)
class Part:
    """One field of a form; `file_name` is empty for a plain field."""

    name: str
    file_name: str
    data: bytes

    @property
    def text(self) -> str:
        """The value as text."""
        return self.data.decode("utf-8", errors="replace")


def read_form(content_type: str, body: bytes) -> dict[str, Part]:
    """Read a form.

    :param content_type: the Content-Type header, which names the boundary.
    :param body: the body.
    :returns: the parts by field name.
    :raises FormError: when it is not multipart/form-data, or not ended by its boundary.
    """
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_boundary()
    if header.get_content_type() != "multipart/form-data" or not boundary:
        raise FormError(f"the body is {content_type!r}, expected multipart/form-data with a boundary")
    delimiter = b"--" + boundary.encode()
    pieces = (b"\r\n" + body).split(b"\r\n" + delimiter)
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        raise FormError("the form is not ended by its boundary")
    parts = (_read_part(piece) for piece in pieces[1:-1])
    return {part.name: part for part in parts}


def _read_part(piece: bytes) -> Part:
    head, _, data = piece.partition(b"\r\n\r\n")
    message = BytesParser().parsebytes(head.lstrip() + b"\r\n\r\n")
    name = message.get_param("name", header="content-disposition")
    return Part(str(name or ""), message.get_filename() or "", data)
