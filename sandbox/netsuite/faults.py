"""What the scripts of the simulated NetSuite shall do wrong. Everything may be changed while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.faults import Fault, FaultScript, Happened


@dataclass(frozen=True)
class ReturnFault(Fault):
    """What shall happen to a return file; `pattern` fits the suffix of its name, for example ``CustomerExport``.

    :param runs: how many runs later it comes.
    """

    runs: int = 1


@dataclass
class NetSuiteFaults:
    """The faults; as it is made, there are none.

    :ivar stopped: no script runs, nothing that was submitted is processed.
    :ivar processing_delay_runs: how many runs a submitted file stays pending.
    :ivar refuse: external ids (of an update: internal ids) of records to refuse, with the message.
    :ivar crash_deposits: how many deposit files are archived without a single deposit being made.
    """

    stopped: bool = False
    processing_delay_runs: int = 0
    refuse: dict[str, str] = field(default_factory=dict)
    crash_deposits: int = 0
    _returns: FaultScript[ReturnFault] = field(default_factory=FaultScript, init=False)

    @property
    def happened(self) -> list[Happened]:
        """Every fault of a return file played so far, oldest first."""
        return self._returns.happened

    def lose(self, suffix: str = "*", *, times: int = 1) -> None:
        """Lose return files: NetSuite believes that they went out, and never sends their rows again.

        :param suffix: shell-style pattern of the suffix, such as ``SalesOrder*``.
        :param times: how many files.
        """
        self._returns.add(ReturnFault("lose", suffix), times)

    def delay(self, suffix: str = "*", *, runs: int = 1, times: int = 1) -> None:
        """Send return files later.

        :param suffix: as in :meth:`lose`.
        :param runs: how many runs later.
        :param times: how many files.
        """
        self._returns.add(ReturnFault("delay", suffix, runs), times)

    def duplicate(self, suffix: str = "*", *, times: int = 1) -> None:
        """Send return files twice, the second time under another name.

        :param suffix: as in :meth:`lose`.
        :param times: how many files.
        """
        self._returns.add(ReturnFault("duplicate", suffix), times)

    def halve(self, suffix: str = "*", *, runs: int | None = 1, times: int = 1) -> None:
        """Send every second row only, the first one included.

        :param suffix: as in :meth:`lose`.
        :param runs: how many runs later the other rows come, in a file of their own; None: never.
        :param times: how many files.
        """
        fault = ReturnFault("lose_half", suffix) if runs is None else ReturnFault("delay_half", suffix, runs)
        self._returns.add(fault, times)

    def take(self, suffix: str) -> ReturnFault | None:
        """Use up a fault of a return file.

        :param suffix: of the file.
        :returns: what shall happen to it, None when nothing shall.
        """
        kinds = ("lose", "delay", "duplicate", "lose_half", "delay_half")
        return next((fault for kind in kinds if (fault := self._returns.take(kind, suffix)) is not None), None)

    def take_deposit_crash(self) -> bool:
        """Use up a crash of the deposit script.

        :returns: whether it crashes now.
        """
        crashes = self.crash_deposits > 0
        self.crash_deposits -= crashes
        return crashes
