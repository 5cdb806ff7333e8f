"""`python -m rollbook.query`: one process of this service."""

from rollbook.observability import process
from rollbook.query.app import QueryService
from rollbook.query.settings import QuerySettings


async def serve() -> None:
    """Serve with the settings of the environment."""
    await QueryService(QuerySettings()).run()


if __name__ == "__main__":
    process.run("query", serve)
