"""The same office with users as the tests of users have."""

from integration.users.conftest import office

__all__ = ["office"]
