"""Processes that tests start and kill, forked from one that has imported everything: an import takes seconds."""

import asyncio
import importlib
import multiprocessing
import random

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [f"tests.faults.{program}" for program in ("collector", "deliverer", "issuer", "pusher", "rollup_worker")]
)


class Workers:
    """Processes of one program, each of which is started again when it was killed."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._program = (module, *arguments)
        self._running: list[multiprocessing.process.BaseProcess] = []

    def start(self, count: int = 1) -> None:
        for _ in range(count):
            process = _FORKS.Process(target=_run, args=self._program, daemon=True)
            process.start()
            self._running.append(process)

    def kill_one(self) -> None:
        """With SIGKILL."""
        victim = random.choice(self._running)  # noqa: S311 - any will do
        self._running.remove(victim)
        victim.kill()
        victim.join()

    def stop(self) -> None:
        for process in self._running:
            process.kill()
            process.join()


def _run(module: str, *arguments: str) -> None:
    asyncio.run(importlib.import_module(module).main(*arguments))
