"""A failed call in a line for people: what was tried, what came back, what to do next."""

import pytest

from isp_addons.vendor_api import Rejected


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Rejected("No such tariff."), "No such tariff."),
        (Rejected("No such tariff.", action="add L-1", hint="Name another."), "add L-1: No such tariff. Name another."),
        (Rejected("run: chmod +x /a/b.sh", hint="Check command."), "run: chmod +x /a/b.sh. Check command."),
        (Rejected("no such tariff", status=404, hint="Name another."), "no such tariff (HTTP 404). Name another."),
        (Rejected("No such tariff.", status=404, hint="Name another."), "No such tariff. (HTTP 404) Name another."),
        (Rejected("No such tariff!", hint="Name another."), "No such tariff! Name another."),
    ],
)
def test_what_happened_and_what_to_do_are_two_sentences(error: Rejected, said: str) -> None:
    assert str(error) == said
