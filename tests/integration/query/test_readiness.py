"""Ready is only who could also get commands answered."""

from typing import Any

import httpx

from rollbook.command.app import CommandService
from rollbook.command.settings import CommandSettings
from tests.integration.query.system import System, running, until
from tests.support.stack import Cluster


def readiness(system: System) -> tuple[int, dict[str, Any]]:
    response = httpx.get(f"{system.url}/readyz")
    body: dict[str, Any] = response.json()
    return response.status_code, body["reasons"]


def test_it_is_not_ready_while_no_command_service_serves(cluster: Cluster) -> None:
    with running(cluster.log(), cluster.postgres, cluster.schema()) as system:
        until(lambda: readiness(system)[0] == 200)
        system.run(system.command.stop())
        until(lambda: readiness(system)[0] == 503)
        _, reasons = readiness(system)
        assert reasons == {"command": "no command service serves these partitions: 0, 1, 2, 3"}
        assert not system.query.ready
        assert httpx.get(f"{system.url}/api/v1/models").status_code == 200

        where = {"kafka": system.log.kafka, "app": system.log.app}
        again = CommandService(CommandSettings.model_validate(where))
        system.run(again.start())
        try:
            until(lambda: readiness(system)[0] == 200)
        finally:
            system.run(again.stop())
