"""send: what goes to NetSuite goes by the transport that the retailer's settings name, as a file or call by call.

By REST NetSuite's id comes back with the answer, so that a record is confirmed in the run that sends it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from order_sync import flow
from order_sync.contracts.netsuite_rest import NetSuiteRest, RestLine, RestSublist, rest_lines
from order_sync.errors import NotSent, Stop
from order_sync.flow import Run
from order_sync.ledger import BatchState, Doubt, Feed, FeedState, Ledger, Record, State
from order_sync.operators.make_calls import OPEN, Document, MakeCalls, Source, chunks
from order_sync.operators.netsuite_replies import CASH_SALE, CUSTOMER, DEPOSIT, DISCOUNT_LINE, LINE, ORDER
from order_sync.operators.problem_notes import Notes
from order_sync.operators.publish import Publish
from order_sync.settings import Retailer, include_folder, load
from order_sync.staging import Staging

if TYPE_CHECKING:
    from order_sync.partners.netsuite_rest import NetSuite

#: So often NetSuite is asked for the lines of an order before that is left to the next try.
_LOOKS = 5


class Sent(NamedTuple):
    """One kind of record on its way to NetSuite.

    :param form: name of the form of its bodies (``include/mappings/<form>_rest.yaml``).
    :param kind: of the ids that confirm it, as the ledger keeps ids.
    :param words: what its records are called, one and many.
    :param lines: whether NetSuite's numbers of its lines are kept.
    """

    form: str
    kind: str
    words: tuple[str, str]
    lines: bool = False


#: What can go by REST, by what its files for SFTP are called in the ledger.
SENT: Mapping[str, Sent] = {
    "customers": Sent("netsuite_customer", CUSTOMER, ("customer", "customers")),
    "sales_orders": Sent("netsuite_sales_order", ORDER, ("order", "orders"), lines=True),
    "cash_sales": Sent("netsuite_cash_sale", CASH_SALE, ("cash sale", "cash sales")),
    "deposits": Sent("netsuite_deposit", DEPOSIT, ("deposit", "deposits")),
}


def rest_target(target: str) -> str:
    """What the staged files for REST are called in the ledger: never what the files for SFTP are."""
    return f"{target}_rest"


def sender(
    task_id: str,
    target: str,
    transport: Literal["sftp", "rest"],
    retailer: Retailer,
    /,
    *,
    folder: str,
    temp_folder: str,
    work: Any,
    **of: Any,
) -> Publish | SendByRest:
    """The step that sends the batches of ``work``.

    :param target: a key of :data:`SENT`.
    :param folder: NetSuite's export folder, for files.
    :param temp_folder: where unfinished files lie.
    :param of: ``flow``, where it is not that of the DAG, and the like.
    """
    connections = retailer.connections
    if transport == "rest":
        api = {"conn_id": connections.netsuite_api, "pool": retailer.netsuite_rest.pool}
        return SendByRest(task_id=task_id, target=target, work=work, **api, **of)
    files = {"folders": {target: folder}, "temp_folder": temp_folder, "repeatable": [target]}
    return PublishFiles(task_id=task_id, conn_id=connections.netsuite_sftp, work=work, **files, **of)


class PublishFiles(Publish):
    """Puts files there; a batch that was begun by REST is left alone until REST has ended it."""

    def step(self, run: Run, book: Ledger) -> list[str]:
        """Publish what is not published yet.

        :raises NotSent: a batch was begun by REST; the others are published.
        """
        begun = [] if run.dry_run else [one for one in self.work["batches"] if _is_begun(book, one, self.folders)]
        if begun:
            self.work = {**self.work, "batches": [one for one in self.work["batches"] if one not in begun]}
        paths = super().step(run, book)
        if begun:
            raise NotSent(
                f"Batches {', '.join(map(str, begun))} were prepared for REST and are not sent to the end.",
                next_step="Set transport back to rest until they are. What was not promised yet goes by the next run.",
            )
        return paths


class SendByRest(MakeCalls):
    """Makes sure that NetSuite has what the batches hold, one upsert each; keeps its ids and confirms by them.

    :param conn_id: the connection of NetSuite's REST API.
    :param target: which records these are, a key of :data:`SENT`.
    :param work: what :class:`~order_sync.operators.collect.Collect` returned.
    """

    operation = "upsert"
    doubt_step = "Clear the task: NetSuite is asked again, and nothing is made twice."

    def __init__(self, *, target: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target, self.sent = target, SENT[target]
        self.words = self.sent.words

    def settings(self) -> NetSuiteRest:
        """The retailer's."""
        return load(self.retailer).netsuite_rest

    def limits(self, settings: NetSuiteRest) -> NetSuiteRest:
        """They say that themselves."""
        return settings

    def partner(self, settings: NetSuiteRest) -> NetSuite:
        """NetSuite."""
        from order_sync.partners.netsuite_rest import NetSuite
        from order_sync.partners.netsuite_rest_answers import Sameness
        from order_sync.partners.netsuite_rest_connection import read_account
        from order_sync.transforms.netsuite_rest_bodies import load_form

        form = load_form(self.sent.form, include_folder())
        same = Sameness(form.same, form.sublist, form.lines.same if form.lines else ())
        return NetSuite(read_account(self.conn_id), settings, {form.record: same}, flow.now)

    def doubts(self, book: Ledger, partner: NetSuite, settings: NetSuiteRest, run: Run) -> _AskedAgain:  # noqa: ARG002
        """They end by sending again: NetSuite is asked first, and an upsert makes no second record."""
        return _AskedAgain(book, settings, run)

    @contextmanager
    def sources(self, run: Run, book: Ledger, settings: NetSuiteRest) -> Iterator[list[Source]]:  # noqa: ARG002
        """The batches with something to send, to find out or to confirm; from here on they never change again.

        :raises Stop: a batch was not prepared for REST, or is on its way by SFTP.
        """
        staging, found = Staging(), list[Source]()
        with book.alone(f"{self.flow} for {self.retailer}"):  # nobody may transform a batch that is being promised
            for batch_id in self.work["batches"]:
                found += [
                    Source(batch_id, partial(_documents, staging, one)) for one in self._promise(run, book, batch_id)
                ]
        for source in found:
            _ = next(source.documents(), None)  # bytes that are not those that were promised stop it before a call
        yield found

    def _promise(self, run: Run, book: Ledger, batch_id: int) -> list[Feed]:
        """The staged files of one batch that have something left."""
        states, feeds = book.states_of([batch_id]), _rest_feeds(book, batch_id, [self.target])
        if states[State.READY] and not feeds:
            raise Stop(
                f"Batch {batch_id} was prepared for SFTP, and transport is rest now.",
                next_step="Clear the transform task of this run, and what follows it.",
            )
        if not feeds and any(feed.state is FeedState.INTENDED for feed in book.feeds_of_batch(batch_id)):
            raise Stop(
                f"Batch {batch_id} is on its way by SFTP: its file may lie there.",
                next_step="Set transport back to sftp, and clear this task; then rest may be set.",
            )
        book.move_batch(batch_id, {BatchState.TRANSFORMED}, BatchState.PUBLISHED, at=run.now)
        promised = book.batch(batch_id).state is BatchState.PUBLISHED
        return feeds if promised and states.keys() & {*OPEN, State.DELIVERED} else []

    def settle(self, run: Run, book: Ledger, settings: NetSuiteRest, sources: Sequence[Source]) -> None:
        """Keep the ids that came back, the numbers of lines first, and confirm what they belong to.

        :raises NotSent: NetSuite did not tell its numbers of some lines; the next try asks again.
        """
        delivered = {record.order_key: record for record in _told(book, self.ledger_flow, self.retailer)}
        lines = [line for line in _promised(sources) if line.key in delivered]
        untold = asyncio.run(self._keep_lines(run, book, settings, lines)) if lines else set()
        ids = {line.key: delivered[line.key].partner_ref for line in lines if line.key not in untold}
        contradictions = book.keep_ids(self.retailer, self.sent.kind, ids, source="REST", at=run.now)
        notes = Notes(run, book, self.flow, self.retailer)
        for key, (kept, other) in contradictions.items():
            message = f"NetSuite gives {key} the id {other}, but gave it {kept} before."
            notes.tell("answers", message, "Look in NetSuite which one is right: one is a double.")
        confirmed = book.confirm_by_ids(self.ledger_flow, self.retailer, self.sent.kind, at=run.now, who=run.who)
        if confirmed:
            self.log.info("Confirmed by ids that came back: %s.", confirmed)
        if untold:
            raise NotSent(
                f"NetSuite does not tell its numbers of the lines of {len(untold)} {self.words[1]}.",
                next_step="Nothing is lost: the next try asks again.",
            )

    async def _keep_lines(self, run: Run, book: Ledger, settings: NetSuiteRest, lines: Sequence[RestLine]) -> set[str]:
        """Keep NetSuite's numbers of the lines of some records; the keys of those that it does not tell now."""
        from order_sync.transforms.netsuite_rest_bodies import load_form

        sublist = load_form(self.sent.form, include_folder()).sublist
        if sublist is None or not self.sent.lines:
            return set()
        left = {line.key for line in lines}
        notes = Notes(run, book, self.flow, self.retailer)
        async with self.partner(settings) as partner:
            for some in chunks(iter(lines), settings.concurrency):
                shown = await asyncio.gather(*(_shown(partner, line) for line in some))
                if not any(record is not None for record in shown):
                    break  # it is down: the others would fare the same
                numbers: dict[str, dict[str, str]] = {LINE: {}, DISCOUNT_LINE: {}}
                for line, record in zip(some, shown, strict=True):
                    if record is not None:
                        left.discard(line.key)
                        if not _numbered(line, record, sublist, numbers):
                            message = f"NetSuite's lines of {line.key} are not those that it was sent."
                            notes.tell("answers", message, "Compare the order there with HotWax; approve it by hand.")
                for kind, ids in numbers.items():
                    book.keep_ids(self.retailer, kind, ids, source="REST", at=run.now)
        return left


class _AskedAgain:
    """Doubts about upserts: what was sent is sent again, once a late call can be taken for over."""

    asks = True

    def __init__(self, book: Ledger, rest: NetSuiteRest, run: Run) -> None:
        self._book, self._run = book, run
        self._settle = timedelta(seconds=rest.settle_seconds)
        # those of a process that died are in doubt only when its lease is over
        lease = rest.connect_seconds + rest.read_seconds + rest.lease_margin_seconds
        self.patience = self._settle * 2 + timedelta(seconds=lease)

    def due_in(self, doubt: Doubt) -> timedelta:
        """How long to wait until it may be sent again."""
        return self._settle - doubt.age

    async def end(self, doubt: Doubt, body: bytes) -> bool:  # noqa: ARG002
        """Let it be sent again."""
        why = "sent again: an upsert by external id makes no second record"
        at, who = self._run.now, self._run.who
        return self._book.resolve(doubt.record_id, doubt.fence, State.READY, at=at, who=who, why=why)


async def _shown(partner: NetSuite, line: RestLine) -> Mapping[str, Any] | None:
    """What NetSuite has; None if it does not tell now."""
    from order_sync.partners.netsuite_rest import Found

    for _ in range(_LOOKS):
        found = await partner.find(line)
        if isinstance(found, Found):
            return found.record or {}
        await asyncio.sleep(0.5 if found.wait is None else found.wait)
    return None


def _numbered(
    line: RestLine, record: Mapping[str, Any], sublist: RestSublist, numbers: dict[str, dict[str, str]]
) -> bool:
    """Note NetSuite's numbers of the lines of one record; False if they are not those that it was sent."""
    from order_sync.partners.netsuite_rest_answers import decoded, items

    def mark(one: Mapping[str, Any]) -> tuple[str, str]:
        return str(one.get(sublist.key) or ""), str(one.get(sublist.kind) or "")

    sent, shown = items(decoded(bytes(line.body)), sublist), items(record, sublist)
    if [mark(one) for one in sent] != [mark(one) for one in shown]:
        return False
    seq = ""
    for ours, theirs in zip(sent, shown, strict=True):
        number, (key, kind) = str(theirs.get(sublist.number) or ""), mark(ours)
        seq = seq if kind else key  # the row of a discount follows that of its line
        if number and seq:
            numbers[DISCOUNT_LINE if kind else LINE][f"{line.key}:{seq}"] = number
    return True


def _told(book: Ledger, ledger_flow: str, retailer: str) -> list[Record]:
    """The records that NetSuite has given an id, and that are not confirmed yet."""
    delivered = book.overdue(ledger_flow, retailer, before=flow.now() + timedelta(days=1))
    return [record for record in delivered if record.partner_ref]


def _promised(sources: Sequence[Source]) -> Iterator[RestLine]:
    return (rest_lines.decode(document.body) for source in sources for document in source.documents())


def _documents(staging: Staging, feed: Feed) -> Iterator[Document]:
    """The promised lines of a staged file.

    :raises Stop: they are not the ones.
    """
    with staging.open(feed.uri) as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != feed.sha256:
            raise Stop(
                f"The staged file {feed.name} is not the one that was promised: nothing of it is sent.",
                next_step="Restore it from the backup of the staging store.",
            )
        stream.seek(0)
        for raw in stream:
            line = rest_lines.decode(raw)
            yield Document(line.key, raw, line.content)


def _rest_feeds(book: Ledger, batch_id: int, targets: Collection[str]) -> list[Feed]:
    wanted = {rest_target(target) for target in targets}
    return [feed for feed in book.feeds_of_batch(batch_id) if feed.target.partition("#")[0] in wanted]


def _is_begun(book: Ledger, batch_id: int, targets: Collection[str]) -> bool:
    """Whether a batch has something left that REST has to do, or to find out."""
    return bool(OPEN & book.states_of([batch_id]).keys()) and bool(_rest_feeds(book, batch_id, targets))
