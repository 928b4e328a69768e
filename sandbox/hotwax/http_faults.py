"""The faults the HTTP face of HotWax can play."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sandbox.faults import Fault, FaultScript


@dataclass(frozen=True)
class HttpFault(Fault):
    """One fault of the HTTP face.

    :param status: the HTTP status to answer with.
    :param retry_after: value of the Retry-After header in seconds, None for no header.
    :param seconds: how long to hang.
    """

    status: int = 0
    retry_after: int | None = None
    seconds: float = 0.0


class HttpFaults(FaultScript[HttpFault]):
    """Script of the HTTP face; patterns are shell-style and match the URL path without the query."""

    def answer(self, status: int, *, pattern: str = "*", retry_after: int | None = None, times: int = 1) -> None:
        """Answer with an error instead of doing what was asked.

        :param status: for example 401, 429, 500 or 503.
        :param pattern: the paths it hits.
        :param retry_after: seconds for the Retry-After header.
        :param times: number of shots.
        """
        self.add(HttpFault("answer", pattern, status=status, retry_after=retry_after), times)

    def hang(self, seconds: float, *, pattern: str = "*", times: int = 1) -> None:
        """Do nothing, say nothing, and close the connection in the end.

        :param seconds: how long.
        :param pattern: the paths it hits.
        :param times: number of shots.
        """
        self.add(HttpFault("hang", pattern, seconds=seconds), times)

    def close(self, when: Literal["before", "after"], *, pattern: str = "*", times: int = 1) -> None:
        """Close the connection instead of answering.

        :param when: ``before`` doing what was asked, or ``after`` (the client cannot tell which).
        :param pattern: the paths it hits.
        :param times: number of shots.
        """
        self.add(HttpFault(f"close_{when}", pattern), times)
