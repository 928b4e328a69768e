"""Keeps Airflow's own log out of the demo's table: it goes into a file, the demo talks on the terminal."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TextIO


class Stage:
    """Where the demo talks, while everything else that writes to this process's output goes to a file.

    :param log: the file for the rest.
    """

    def __init__(self, log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log = log
        self._terminal: TextIO = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
        self._began = time.monotonic()
        sys.stdout.flush()
        with log.open("wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)

    def say(self, text: str = "") -> None:
        """A line for the person who watches."""
        self._terminal.write(f"{text}\n")

    def step(self, text: str) -> None:
        """A line that says what happens now, and how long everything has taken."""
        self.say(f"[{time.monotonic() - self._began:5.1f} s] {text}")

    def fail(self, text: str) -> None:
        """The last lines of the log and the reason, for a demo that cannot go on."""
        lines = self.log.read_text(errors="replace").splitlines()[-25:]
        self.say("\n".join(("", *lines, "", f"FAILED: {text} (everything is in {self.log})")))
