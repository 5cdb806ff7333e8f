"""`python -m rollbook.serving`: one process of this service."""

from rollbook.observability import process
from rollbook.serving.app import ServingService
from rollbook.serving.settings import ServingSettings


async def serve() -> None:
    """Serve with the settings of the environment."""
    await ServingService(ServingSettings()).run()


if __name__ == "__main__":
    process.run("serving", serve)
