"""`python -m rollbook.validator`: one process of this service."""

from rollbook.observability import process
from rollbook.validator.app import ValidatorService
from rollbook.validator.settings import ValidatorSettings


async def serve() -> None:
    """Serve with the settings of the environment."""
    await ValidatorService(ValidatorSettings()).run()


if __name__ == "__main__":
    process.run("validator", serve)
