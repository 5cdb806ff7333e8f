"""`python -m rollbook.retrain`: one process of this service."""

from rollbook.observability import process
from rollbook.retrain.app import RetrainService
from rollbook.retrain.settings import RetrainSettings


async def serve() -> None:
    """Serve with the settings of the environment."""
    await RetrainService(RetrainSettings()).run()


if __name__ == "__main__":
    process.run("retrain", serve)
