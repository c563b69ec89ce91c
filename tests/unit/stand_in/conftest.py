"""A stand-in that serves, and a connection to it."""

from collections.abc import Iterator

import pytest

from unit.stand_in.serving import TOKEN, Server, Wire


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(token=TOKEN) as made:
        yield made


@pytest.fixture
def wire(server: Server) -> Iterator[Wire]:
    made = Wire(server)
    yield made
    made.connection.close()
