"""What a call to a partner's API comes to, whoever the partner is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from order_sync.errors import Outcome


@dataclass(frozen=True)
class Verdict:
    """What an answer means.

    :param message: in words; what the partner said, where it said something.
    :param reason: for a refusal, a code of :data:`order_sync.reasons.REASONS`.
    :param reference: the partner's own number of the document.
    :param duplicate: whether it says that the document exists already.
    :param hopeless: whether the next call would fare the same.
    :param busy: whether the partner is well and has no room at the moment: nobody's failure.
    """

    outcome: Outcome
    message: str = ""
    reason: str = ""
    reference: str = ""
    duplicate: bool = False
    hopeless: bool = False
    busy: bool = False


@dataclass(frozen=True)
class Reply:
    """What came back from one call.

    :param status: None where no answer came.
    :param headers: without cookies.
    :param body: text, shortened if very long.
    :param wait: seconds before the next call, where the partner asks for them or its limits are known.
    """

    verdict: Verdict
    status: int | None
    milliseconds: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    wait: float | None = None
