"""`python -m rollbook.monitor`: one process of this service."""

from rollbook.monitor.app import MonitorService
from rollbook.monitor.settings import MonitorSettings
from rollbook.observability import process


async def serve() -> None:
    """Serve with the settings of the environment."""
    await MonitorService(MonitorSettings()).run()


if __name__ == "__main__":
    process.run("monitor", serve)
