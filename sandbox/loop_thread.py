"""An asyncio event loop in a thread of its own, driven from synchronous code."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

START_STOP_TIMEOUT_SECONDS = 20.0


class LoopThread:
    """Runs one event loop in a daemon thread until :meth:`stop`.

    :param name: name of the thread, seen in stack dumps.
    """

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the loop and wait for it.

        :param work: the coroutine.
        :returns: its result.
        :raises TimeoutError: when it has not ended after 20 seconds.
        """
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(START_STOP_TIMEOUT_SECONDS)

    def call(self, function: Callable[[], None]) -> None:
        """Call a function in the loop's thread, without waiting for it.

        :param function: what to call.
        """
        self._loop.call_soon_threadsafe(function)

    def stop(self) -> None:
        """Cancel what still runs, end the thread and close the loop."""
        self.run(self._cancel_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_STOP_TIMEOUT_SECONDS)
        self._loop.close()

    async def _cancel_tasks(self) -> None:
        tasks = asyncio.all_tasks(self._loop) - {asyncio.current_task(self._loop)}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
