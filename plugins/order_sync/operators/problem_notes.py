"""What a step has to tell people although it goes on: lines for the report of its run."""

from __future__ import annotations

import re
from collections.abc import Sequence

from order_sync.flow import Run
from order_sync.ledger import Ledger, Problem

#: Class of a problem that names things: the same names again are no news, another one among them is.
NAMED = "Named"
_PLAIN = "Answer"
#: Classes of problems that no step failed for.
MATTERS = frozenset({NAMED, _PLAIN})
_MOST_NAMES = 200
_REST = re.compile(r"and \d+ more")


class Notes:
    """Notes problems of one run.

    :param flow: of the DAG, under which its report looks for them.
    """

    def __init__(self, run: Run, book: Ledger, flow: str, retailer: str) -> None:
        self._run, self._book, self._flow, self._retailer = run, book, flow, retailer

    def tell(self, about: str, message: str, next_step: str) -> None:
        """Note a problem.

        :param about: what it is about, where the report names the step of others.
        """
        self._note(about, _PLAIN, message, next_step)

    def tell_named(self, about: str, intro: str, names: Sequence[str], next_step: str) -> None:
        """Note a problem that several things have.

        :param intro: what is wrong with them; no colon in it.
        :param names: the newest first, for the report shows so many; no semicolon in any.
        """
        shown = [*names[:_MOST_NAMES], *([f"and {len(names) - _MOST_NAMES} more"] if len(names) > _MOST_NAMES else [])]
        self._note(about, NAMED, f"{intro}: {'; '.join(shown)}.", next_step)

    def _note(self, about: str, error_class: str, message: str, next_step: str) -> None:
        self._book.note_problem(
            flow=self._flow,
            retailer=self._retailer,
            dag_id=self._run.dag_id,
            run_id=self._run.run_id,
            task_id=about,
            error_class=error_class,
            message=message,
            next_step=next_step,
            at=self._run.now,
        )


def names_in(problem: Problem) -> frozenset[str]:
    """What a problem names; empty for one that names nothing by :meth:`Notes.tell_named`."""
    if problem.error_class != NAMED:
        return frozenset()
    named = problem.message.partition(": ")[2].removesuffix(".").split("; ")
    return frozenset(name for name in named if not _REST.fullmatch(name))
