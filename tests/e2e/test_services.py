"""Each service in a process of its own, on clusters that somebody else runs."""

import signal
from contextlib import ExitStack
from pathlib import Path

from rollbook.cli import ports
from rollbook.cli.exits import Exit
from rollbook.client import Registry
from tests.e2e.program import nothing_runs_below, started
from tests.support.stack import Cluster


def test_four_processes_together_are_the_whole_system(cluster: Cluster, folder: Path) -> None:
    port = ports.from_(8200)
    environment = {
        "ROLLBOOK_KAFKA": cluster.kafka,
        "ROLLBOOK_POSTGRES": cluster.postgres,
        "ROLLBOOK_APP": cluster.log().app,
        "ROLLBOOK_SCHEMA": cluster.schema(),
        "ROLLBOOK_PORT": str(port),
    }
    with ExitStack() as stack:
        programs = {
            name: stack.enter_context(
                started(folder, "up", "--service", name, environment=environment)
            )
            for name in ("command", "projector", "query", "monitor")
        }
        with Registry(f"http://127.0.0.1:{port}", timeout=60) as registry:
            made = registry.register_model("default/churn")
            assert registry.model("default/churn").position == made.position
        for program in programs.values():
            program.send(signal.SIGTERM)
        for name, program in programs.items():
            assert program.ended() == Exit.DONE, (name, program.errors)
    nothing_runs_below(folder)


def test_up_on_clusters_of_others_starts_only_the_services(cluster: Cluster, folder: Path) -> None:
    environment = {
        "ROLLBOOK_KAFKA": cluster.kafka,
        "ROLLBOOK_POSTGRES": cluster.postgres,
        "ROLLBOOK_APP": cluster.log().app,
        "ROLLBOOK_SCHEMA": cluster.schema(),
    }
    with started(folder, "up", environment=environment) as program:
        url = program.wait_for(r"API, to try out +(http://\S+)/docs")[1]
        with Registry(url) as registry:
            made = registry.register_model("default/churn")
            assert registry.model("default/churn").position == made.position
        program.send(signal.SIGINT)
        assert program.ended() == Exit.DONE
    assert "Kafka is ready" not in program.out
    assert not (folder / ".data" / "kafka").exists()
    nothing_runs_below(folder)
