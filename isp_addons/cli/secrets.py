"""Passwords and tokens on the command line: asked for, or the first line of what is piped in; never an argument."""

import sys

import click

from isp_addons.domain.problem import BadInput


def ask(what: str, *, twice: bool = False) -> str:
    """*what*, typed unseen (*twice*: and repeated), or piped in. Raises `BadInput` (``nothing_given``)."""
    if sys.stdin is not None and sys.stdin.isatty():
        typed: str = click.prompt(what, hide_input=True, confirmation_prompt=twice, err=True)
        return typed
    line = sys.stdin.readline().rstrip("\r\n") if sys.stdin is not None else ""
    if not line:
        raise BadInput(f"No {what.lower()} was given; type it when asked, or pipe it in.", code="nothing_given")
    return line
