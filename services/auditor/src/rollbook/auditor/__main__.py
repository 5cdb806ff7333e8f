"""`python -m rollbook.auditor`: one process of this service."""

from rollbook.auditor.app import AuditorService
from rollbook.auditor.settings import AuditorSettings
from rollbook.observability import process


async def serve() -> None:
    """Serve with the settings of the environment."""
    await AuditorService(AuditorSettings.model_validate({})).run()


if __name__ == "__main__":
    process.run("auditor", serve)
