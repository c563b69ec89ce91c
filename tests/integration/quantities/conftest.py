"""The same two databases and the same office with users as the tests of users have."""

from integration.users.conftest import databases, office, store

__all__ = ["databases", "office", "store"]
