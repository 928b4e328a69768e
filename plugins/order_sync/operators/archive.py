"""archive: moves the sources out of the inbox, last; an archive that fails causes no second delivery."""

from __future__ import annotations

from typing import Any

from order_sync.errors import OrderSyncError
from order_sync.flow import Run
from order_sync.ledger import Batch, BatchFile, BatchState, Ledger
from order_sync.operators.base import FlowOperator
from order_sync.partners.sftp import RemoteFile, SftpClient


class Archive(FlowOperator):
    """Moves each source file to ``archive/YYYY/MM/DD``, or to ``error/YYYY/MM/DD`` if nothing of it could be read.

    :param conn_id: the SFTP connection.
    :param archive: the folder for files that were read; ``{folder}`` in it is the one that a file came in.
    :param error: the folder for files of which nothing could be read.
    :param work: what :class:`~order_sync.operators.collect.Collect` returned.
    """

    template_fields = ("work",)

    def __init__(self, *, conn_id: str, archive: str, error: str, work: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conn_id, self.archive, self.error, self.work = conn_id, archive, error, work

    def step(self, run: Run, book: Ledger) -> int:
        """Move what is not moved yet; returns how many files lie in their final place."""
        if run.dry_run:
            self.log.info("Dry run: the files stay in the inbox.")
            return 0
        batches = [book.batch(batch_id) for batch_id in self.work["batches"]]
        open_batches = [batch for batch in batches if batch.state is not BatchState.CLOSED]
        moved = 0
        if open_batches:
            with SftpClient(self.conn_id) as sftp:
                moved = sum(self._close(run, book, sftp, batch) for batch in open_batches)
        return moved

    def _close(self, run: Run, book: Ledger, sftp: SftpClient, batch: Batch) -> int:
        files = [file for file in book.batch_inputs(batch.id) if file.folder and not file.archived_to]
        unread = book.unread_files(batch.id)
        for folder in (self.archive, self.error):
            chosen = [file for file in files if (file.file_id in unread) is (folder == self.error)]
            for source in dict.fromkeys(file.folder for file in chosen):
                here = [file for file in chosen if file.folder == source]
                place = folder.replace("{folder}", source)
                self._move(run, book, sftp, batch, here, f"{place}/{batch.created_at:%Y/%m/%d}")
        done = {BatchState.PUBLISHED, BatchState.CONFIRMED}
        book.move_batch(batch.id, done, BatchState.CLOSED, at=run.now)
        return len(files)

    def _move(
        self, run: Run, book: Ledger, sftp: SftpClient, batch: Batch, files: list[BatchFile], folder: str
    ) -> None:
        """Move files and note where they lie; a file that somebody else took away needs no move, but is told.

        :raises OrderSyncError: the first error, after the others were moved and noted.
        """
        if not files:
            return
        moved = sftp.move_many([_as_listed(file) for file in files], folder)
        paths = {}
        for file, one in zip(files, moved, strict=True):
            if one.replaced:
                self.log.warning(
                    "File %r was replaced after it was read: the new one stays for the next run.", file.name
                )
            if one.gone and one.error:
                self._tell_gone(run, book, one.error)
            if one.error is None or one.replaced or one.gone:
                paths[file.position] = one.path or ("(replaced)" if one.replaced else "(gone)")
        book.set_archived(batch.id, paths)
        error = next((one.error for one in moved if one.error and not (one.replaced or one.gone)), None)
        if error:
            raise error

    def _tell_gone(self, run: Run, book: Ledger, error: OrderSyncError) -> None:
        book.note_problem(
            flow=self.flow,
            retailer=self.retailer,
            dag_id=run.dag_id,
            run_id=run.run_id,
            task_id="inbox",
            error_class=type(error).__name__,
            message=error.message,
            next_step=error.next_step,
            at=run.now,
        )


def _as_listed(file: BatchFile) -> RemoteFile | str:
    """The file as it was when it was read, so that another one of its name is not taken for it."""
    path = f"{file.folder}/{file.name}"
    return RemoteFile(file.name, path, file.size, file.mtime, is_dir=False) if file.mtime else path
