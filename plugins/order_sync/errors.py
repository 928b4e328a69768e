"""Errors named for the next action.

A caller decides from the class alone what to do next:

=================  ==========================================================================
class              next action
=================  ==========================================================================
`NotSent`          nothing reached the partner: try again later, it is safe
`InDoubt`          the partner may or may not have acted: look it up, never repeat blindly
`Rejected`         the partner refused it for what it contains: mend the data, then send again
`Prerequisite`     something it depends on is missing: wait for that
`BadInput`         the input cannot be used: set the record or file aside, go on with the rest
`Stop`             going on could do harm: stop the flow and call a person
=================  ==========================================================================
"""

from __future__ import annotations

from enum import StrEnum


class OrderSyncError(Exception):
    """Base of all errors of this package.

    :param message: what happened, naming the file, the order and the field where they are known.
    :param next_step: what a person should do, one sentence; shown in logs, mails and the orders pages.
    """

    def __init__(self, message: str, *, next_step: str) -> None:
        self.message = message
        self.next_step = next_step
        super().__init__(f"{message} Next step: {next_step}")


class NotSent(OrderSyncError):
    """Nothing reached the partner (refused connection, bad credentials, busy): safe to repeat."""


class InDoubt(OrderSyncError):
    """The partner may have acted although no readable answer came back: look it up before repeating."""


class Rejected(OrderSyncError):
    """The partner refused the content and said why: no repeat before the data changes."""


class Prerequisite(OrderSyncError):
    """Something this record depends on does not exist yet: it waits for it."""


class BadInput(OrderSyncError):
    """A file or record cannot be used.

    :param reason: a code of :data:`order_sync.reasons.REASONS`.
    :param field: the path of the field that is wrong, where one is known.
    """

    def __init__(self, reason: str, message: str, *, field: str = "", next_step: str = "") -> None:
        from order_sync.reasons import REASONS

        self.reason = reason
        self.field = field
        super().__init__(message, next_step=next_step or REASONS[reason].what_to_do)


class Stop(OrderSyncError):
    """Going on could do harm (bytes differ under one name, equation open, wrong settings): stop the flow."""


class NotThere(Stop):
    """A folder does not exist; some are made by the first file that comes."""


class Outcome(StrEnum):
    """What is known of a call when it is over."""

    DELIVERED = "DELIVERED"
    REFUSED = "REFUSED"
    NOT_SENT = "NOT_SENT"
    IN_DOUBT = "IN_DOUBT"
