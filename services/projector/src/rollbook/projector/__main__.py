"""`python -m rollbook.projector`: one process of this service."""

from rollbook.observability import process
from rollbook.projector.app import ProjectorService
from rollbook.projector.settings import ProjectorSettings


async def serve() -> None:
    """Serve with the settings of the environment."""
    await ProjectorService(ProjectorSettings()).run()


if __name__ == "__main__":
    process.run("projector", serve)
