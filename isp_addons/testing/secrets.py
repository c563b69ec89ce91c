"""The secrets of a plugin's settings: how they are told apart from other text, and all the ways in which one may leak."""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from inspect import signature
from typing import Any
from urllib.parse import quote, quote_plus

from pydantic import SecretStr

from isp_addons.vendor_api import VendorOptions, VendorPlugin

SHORTEST = 8
"""A secret shorter than this cannot be told from other text in a log."""

_LOOKS_SECRET = re.compile(r"(^|_)(password|passwd|secret|token|api_key)$")


def distinct(plugin: type[VendorPlugin[Any]]) -> dict[str, str]:
    """A secret unlike any other text for each secret option that the plugin's stand-in takes under the same name."""
    taken = signature(type(plugin.sandbox())).parameters
    return {
        name: f"{name}-7fZq-of-the-kit" for name in plugin.Options.model_fields if name in taken and _is_secret(plugin, name)
    }


def values(options: VendorOptions) -> dict[str, str]:
    """The secret options that are set."""
    return {name: value.get_secret_value() for name, value in dict(options).items() if isinstance(value, SecretStr)}


def forms(options: VendorOptions) -> set[str]:
    """Every way in which the secrets of *options* could stand in a text: as they are, in a URL, in Basic credentials."""
    plain = values(options).values()
    words = [value for value in dict(options).values() if isinstance(value, str)]
    basic = [b64encode(f"{word}:{secret}".encode()).decode() for word in words for secret in plain]
    coded = [b64encode(secret.encode()).decode() for secret in plain]
    return {form for secret in [*plain, *basic, *coded] for form in (secret, quote(secret, safe=""), quote_plus(secret))}


def leaked(secrets: Iterable[str], texts: Iterable[str]) -> list[str]:
    """The lines of *texts* that hold one of *secrets*, which are starred in them."""
    told = sorted(secrets, key=len, reverse=True)
    found = []
    for line in (line for text in texts for line in text.splitlines()):
        shown = line
        for secret in told:
            shown = shown.replace(secret, "*")
        if shown != line:
            found.append(shown)
    return found


def wrong(plugin: type[VendorPlugin[Any]], options: Mapping[str, Any]) -> dict[str, Any]:
    """*options* with every secret replaced by a wrong one."""
    return {name: "wrong-" + str(value) if _is_secret(plugin, name) else value for name, value in options.items()}


def unguarded(options: type[VendorOptions]) -> list[str]:
    """Options that are named like a secret but are plain text."""
    return [
        name for name, field in options.model_fields.items() if _LOOKS_SECRET.search(name) and _of_type(field.annotation, str)
    ]


def _is_secret(plugin: type[VendorPlugin[Any]], name: str) -> bool:
    field = plugin.Options.model_fields.get(name)
    return field is not None and _of_type(field.annotation, SecretStr)


def _of_type(annotation: Any, wanted: type) -> bool:
    """Whether an annotation is *wanted*, or *wanted* among others (``Secret | None``)."""
    return annotation is wanted or wanted in getattr(annotation, "__args__", ())
