import socket

import pytest

from rollbook.cli import ports
from rollbook.cli.exits import Exit, Failure


def test_a_free_port_is_taken_as_it_is() -> None:
    port = ports.from_(0)
    assert ports.from_(port) == port


def test_a_taken_port_leads_to_a_later_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
        assert port < ports.from_(port) < port + ports.TRIED


def test_where_no_port_is_free_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "is_free", lambda port: False)
    with pytest.raises(Failure, match="no port from 8080 to 8179 is free") as failure:
        ports.from_(8080)
    assert failure.value.exit_code == Exit.ERROR
