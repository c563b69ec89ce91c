"""Tokens that open a door once they are shown: long and random, so that only a plain hash of them is kept."""

import hashlib
import secrets

_LONGEST = 200


def new() -> str:
    """A token of 256 random bits, fit for a link."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """What is kept of *token*: its SHA-256 in hexadecimal digits."""
    return hashlib.sha256(token[:_LONGEST].encode()).hexdigest()
