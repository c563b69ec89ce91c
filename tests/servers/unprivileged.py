"""Database servers refuse to run as root; tests in a container often do."""

import os
import pwd
from typing import Any


def server_user(*names: str) -> str:
    """The first of *names*, else ``nobody``, when we are root; else nothing: our own user will do."""
    if os.geteuid() != 0:
        return ""
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in (*names, "nobody") if name in known)


def as_user(name: str) -> dict[str, Any]:
    """The arguments of `subprocess` that run a program as user *name*; none for our own user."""
    if not name:
        return {}
    entry = pwd.getpwnam(name)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
