"""A request body that asks, at the very moment it is written, whether it may still be sent."""

from __future__ import annotations

from collections.abc import Callable

import aiohttp
from aiohttp.abc import AbstractStreamWriter


class GuardedBody(aiohttp.BytesPayload):
    """Bytes that are kept back if too much time has gone by: between a check and the socket other tasks may run.

    aiohttp sends the headers together with the first bytes of the body, so that nothing is on the wire before.

    :param may_send: asked once, right before the bytes are written.
    """

    def __init__(self, value: bytes, may_send: Callable[[], bool]) -> None:
        super().__init__(value, content_type="application/json")
        self._may_send = may_send
        #: Whether they were kept back: then nothing was sent.
        self.kept_back = False

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        """Write the bytes, or nothing.

        :raises ConnectionAbortedError: they are kept back.
        """
        if not self._may_send():
            self.kept_back = True
            raise ConnectionAbortedError("kept back")
        await super().write_with_length(writer, content_length)
