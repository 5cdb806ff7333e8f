"""`python -m rollbook.notifier`: one process of this service."""

from rollbook.notifier.app import NotifierService
from rollbook.notifier.settings import NotifierSettings
from rollbook.observability import process


async def serve() -> None:
    """Serve with the settings of the environment."""
    await NotifierService(NotifierSettings()).run()


if __name__ == "__main__":
    process.run("notifier", serve)
