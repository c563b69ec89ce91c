"""The settings of an Aircall vendor: what cannot be meant is refused with a sentence."""

from typing import Any

import pytest
from pydantic import ValidationError

from isp_addons_aircall import AircallOptions

GIVEN = {"account": "42", "company": "Bakery Ltd", "api_id": "id", "api_token": "secret-token"}


def _options(**changed: Any) -> AircallOptions:
    return AircallOptions.model_validate({**GIVEN, **changed})


def test_little_is_needed() -> None:
    options = _options()

    assert (options.url, options.page_size, options.webhook_token) == ("https://api.aircall.io", 50, None)
    assert "secret-token" not in repr(options)


@pytest.mark.parametrize("missing", GIVEN)
def test_each_of_the_needed_settings_is_needed(missing: str) -> None:
    with pytest.raises(ValidationError, match=missing):
        AircallOptions.model_validate({name: value for name, value in GIVEN.items() if name != missing})


@pytest.mark.parametrize(
    "changed",
    [
        {"url": "api.aircall.io"},
        {"url": "ftp://api.aircall.io"},
        {"url": "https://id:token@api.aircall.io"},
        {"url": "https://api.aircall.io/v1"},
        {"url": "https://api.aircall.io?x=1"},
        {"account": ""},
        {"account": "4" * 65},
        {"company": "Bakery\nLtd"},
        {"webhook_token": "short"},
        {"webhook_token": ""},
        {"page_size": 51},
        {"page_size": 0},
        {"read_timeout": 0},
        {"api_key": "x"},
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _options(**changed)
