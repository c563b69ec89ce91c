"""The log: one line for each thing, JSON when nobody is watching, secrets starred by name."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

NOISY = ("urllib3", "alembic", "sqlalchemy")
"""Libraries whose every step would drown our own lines."""

_SECRET_NAME = re.compile(r"pass|secret|token|api_?key|authori[sz]ation|activation", re.IGNORECASE)


def start(level: str) -> None:
    """Send the product's and its libraries' log to stderr."""
    chain: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        star_secrets,
    ]
    last = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer(ensure_ascii=False)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=chain,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            last,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in NOISY:
        logging.getLogger(noisy).setLevel(logging.WARNING)


def star_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Star every value whose name says that it is a secret."""
    for name in event:
        if _SECRET_NAME.search(name):
            event[name] = "*"
    return event
