"""Structured logs: JSON lines, or colours where a person watches."""

import logging
import re
import sys
from typing import TextIO, cast

import structlog

IN_ADDRESS = re.compile(r"(://[^:/@\s]*:)[^@\s]+@")
"""A password in an address such as postgresql://user:password@host."""

SECRET = ("authorization", "password", "secret", "token")


def configure(*, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send every log line of this process to `stream` (standard error by default)."""
    out = stream or sys.stderr
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _hide_secrets,
        structlog.processors.format_exc_info,
    ]
    render: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if out.isatty() else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("aiokafka", "kafka", "uvicorn.access", "httpx", "httpcore"):
        logging.getLogger(noisy).setLevel("ERROR")


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of one module."""
    return cast(structlog.stdlib.BoundLogger, structlog.get_logger(name))


def _hide_secrets(
    _: structlog.typing.WrappedLogger, __: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    for key, value in event.items():
        if any(word in key.lower() for word in SECRET):
            event[key] = "***"
        elif isinstance(value, str) and "@" in value:
            event[key] = IN_ADDRESS.sub(r"\1***@", value)
    return event
