"""`python -m rollbook.deployer`: one process of this service."""

from rollbook.deployer.app import DeployerService
from rollbook.deployer.settings import DeployerSettings
from rollbook.observability import process


async def serve() -> None:
    """Serve with the settings of the environment."""
    await DeployerService(DeployerSettings()).run()


if __name__ == "__main__":
    process.run("deployer", serve)
