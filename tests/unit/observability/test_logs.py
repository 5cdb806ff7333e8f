import io
import json
import logging
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import structlog

from rollbook.observability import logs


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def fresh() -> structlog.stdlib.BoundLogger:
    return logs.logger(f"rollbook.{uuid4().hex}")


def test_a_log_line_is_one_json_object() -> None:
    out = io.StringIO()
    logs.configure(stream=out)
    fresh().info("claimed", partition=3, text='a "b"\nc')
    (line,) = lines(out)
    assert (line["event"], line["partition"], line["level"]) == ("claimed", 3, "info")
    assert line["text"] == 'a "b"\nc'
    assert line["logger"].startswith("rollbook.")
    assert line["timestamp"].endswith("Z")


def test_lines_of_other_libraries_look_the_same() -> None:
    out = io.StringIO()
    logs.configure(stream=out)
    logging.getLogger("somebody.else").warning("disk is %s", "full")
    (line,) = lines(out)
    assert (line["event"], line["level"]) == ("disk is full", "warning")


def test_the_level_decides_what_is_written() -> None:
    out = io.StringIO()
    logs.configure(level="WARNING", stream=out)
    log = fresh()
    log.info("quiet")
    log.error("loud")
    assert [line["event"] for line in lines(out)] == ["loud"]


@pytest.mark.parametrize(
    "name", ["token", "Authorization", "token_secret", "client_secret", "PASSWORD", "api_token"]
)
def test_secrets_are_hidden_by_their_names(name: str) -> None:
    out = io.StringIO()
    logs.configure(stream=out)
    fresh().info("asked", **{name: "hunter2", "actor": "anna"})
    (line,) = lines(out)
    assert "hunter2" not in out.getvalue()
    assert line[name] == "***"
    assert line["actor"] == "anna"


def test_a_password_inside_an_address_is_hidden() -> None:
    out = io.StringIO()
    logs.configure(stream=out)
    fresh().warning("no answer", reason="postgresql://rollbook:hunter2@127.0.0.1/rollbook is down")
    (line,) = lines(out)
    assert line["reason"] == "postgresql://rollbook:***@127.0.0.1/rollbook is down"


def test_an_exception_is_written_into_its_line() -> None:
    out = io.StringIO()
    logs.configure(stream=out)
    fresh().error("crashed", exc_info=ValueError("why"))
    (line,) = lines(out)
    assert "ValueError: why" in line["exception"]


@pytest.mark.filterwarnings("error")
def test_on_a_terminal_lines_are_for_people() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    logs.configure(stream=out)
    fresh().info("claimed", partition=3)
    assert "claimed" in out.getvalue()
    assert not out.getvalue().startswith("{")
