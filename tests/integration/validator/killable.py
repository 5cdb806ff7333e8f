"""Validators that are forked off ready, so that they can be killed often."""

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess

from rollbook.validator.app import ValidatorService
from rollbook.validator.settings import ValidatorSettings

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__])


def _validate(settings: dict[str, object]) -> None:
    asyncio.run(ValidatorService(ValidatorSettings.model_validate(settings)).run())


@contextmanager
def forked(settings: dict[str, object]) -> Iterator[BaseProcess]:
    """A validator in a process of its own, SIGKILLed at the end."""
    process = FORKS.Process(target=_validate, args=(settings,), daemon=True)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()
