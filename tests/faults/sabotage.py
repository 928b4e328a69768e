"""Each protection switched off by itself, to see whether the proof would notice. Nothing else ever imports this.

A sabotage takes ``setattr``, or a test's ``monkeypatch.setattr``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from order_sync.errors import Outcome
from order_sync.faults import point
from order_sync.ledger import Answer, Claim, Intent, Ledger, State
from order_sync.operators.delivery import Delivery
from order_sync.operators.group_commit import GroupCommit
from order_sync.partners import retailpro, retailpro_answers, sftp_publish
from order_sync.partners.retailpro_answers import Evidence, Found, Verdict
from order_sync.partners.sftp_upload import LocalFile, upload

Set = Callable[[Any, str, Any], None]


def no_intent(put: Set) -> None:
    """Nothing is written before the call: the ledger learns of it afterwards."""
    intents: dict[int, Intent] = {}

    async def claim(_: GroupCommit, intent: Intent) -> Claim:
        intents[intent.record_id] = intent
        return Claim(intent.record_id, 0, 0)

    def settle(commits: GroupCommit, answer: Answer) -> None:
        record_id = answer.claim.record_id
        claims = commits._exchange([intents[record_id]], []).claims
        if record_id in claims:
            commits._exchange([], [replace(answer, claim=claims[record_id])])

    put(GroupCommit, "claim", claim)
    put(GroupCommit, "settle", settle)


def no_fence(put: Set) -> None:
    """Whoever has begun goes on, however long that is ago."""

    async def may_send(_: Delivery, claim: Claim, claimed_at: float) -> bool:
        return True

    put(Delivery, "_may_send", may_send)
    put(Delivery, "_in_time", lambda _delivery, _claimed_at: True)


def no_look_up(put: Set) -> None:
    """A doubt is taken for "it is not there", and nobody asks."""

    async def look_up(_: retailpro.RetailPro, operation: str, body: bytes) -> tuple[Evidence, retailpro.Reply]:
        return Evidence(Found.ABSENT, "not asked"), retailpro.Reply(Verdict(Outcome.NOT_SENT), None, 0)

    put(retailpro.RetailPro, "look_up", look_up)


def no_doubt(put: Set) -> None:
    """A server error counts as "not sent", as a usual retry takes it."""
    judge = retailpro_answers.judge

    def bold(*arguments: Any) -> Verdict:
        verdict = judge(*arguments)
        return replace(verdict, outcome=Outcome.NOT_SENT) if verdict.outcome is Outcome.IN_DOUBT else verdict

    put(retailpro, "judge", bold)


def no_lease(put: Set) -> None:
    """A call of a process that died counts as not made."""
    expire = Ledger.expire_leases

    def forget(book: Ledger, flow: str, retailer: str, **stamp: Any) -> int:
        count = expire(book, flow, retailer, **stamp)
        for doubt in book.doubts(flow, retailer):
            book.resolve(doubt.record_id, doubt.fence, State.READY, why="forgotten", **stamp)
        return count

    put(Ledger, "expire_leases", forget)


def no_comparison(put: Set) -> None:
    """Whatever has the same number is taken for what was sent."""
    put(retailpro_answers, "_difference", lambda *_: "")


def no_rename(put: Set) -> None:
    """Files are written under their final name at once, and one that is there counts as whole."""

    async def one(session: Any, job: Any, places: object, listed_size: int | None) -> None:
        if listed_size is None:
            half = job.local.path.with_suffix(".half")
            half.write_bytes(job.local.path.read_bytes()[: job.local.path.stat().st_size // 2])
            for path in (half, job.local.path):  # the bytes come little by little
                local = LocalFile(path)
                await local.load()
                await upload(session, local, job.target)
                point("publish.before_rename")
        await job.local.load()
        job.done(job.target, renamed=False)

    put(sftp_publish, "_one", one)


SABOTAGE: dict[str, Callable[[Set], None]] = {
    "intent": no_intent,
    "lease": no_lease,
    "fence": no_fence,
    "look-up": no_look_up,
    "doubt": no_doubt,
    "comparison": no_comparison,
    "rename": no_rename,
}
