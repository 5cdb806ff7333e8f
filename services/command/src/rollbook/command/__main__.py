"""`python -m rollbook.command`: one process of this service."""

from rollbook.command.app import CommandService
from rollbook.command.settings import CommandSettings
from rollbook.observability import process


async def serve() -> None:
    """Serve with the settings of the environment."""
    await CommandService(CommandSettings()).run()


if __name__ == "__main__":
    process.run("command", serve)
