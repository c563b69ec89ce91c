"""Finds the commands of isp-addons in a page, and asks click whether they are right."""

import re
import shlex
from pathlib import PurePath

import click

from docs.pages import blocks, without_blocks
from isp_addons.cli.main import cli

PROGRAM = "isp-addons"
_PROMPTS = {"console": ("$ ", "# "), "sh": ("",), "cron": ("",)}
_INLINE = re.compile(r"`isp-addons ([^`]+)`")
_ENDS = frozenset("<>|;&()") | {">>", "&&", "||"}


def in_blocks(text: str) -> list[tuple[int, list[str]]]:
    """The commands in the fenced blocks of a page, with their lines: what follows the program's name."""
    found = []
    for block in blocks(text):
        for number, line in enumerate(block.text.splitlines(), start=block.line):
            for prompt in _PROMPTS.get(block.language, ()):
                if line.startswith(prompt) and PROGRAM in line:
                    arguments = _arguments(_words(line.removeprefix(prompt)))
                    found += [] if arguments is None else [(number, arguments)]
    return found


def inline(text: str) -> list[list[str]]:
    """The commands that stand in running text as code."""
    return [_words(found) for found in _INLINE.findall(without_blocks(text))]


def problem_of(arguments: list[str]) -> str | None:
    """What is wrong with a command that could be typed as it stands."""
    try:
        command, rest, ctx = _leaf(arguments)
        if "--help" not in rest:
            command.make_context(command.name, list(rest), parent=ctx)
    except click.UsageError as error:
        return error.format_message()
    return None


def problem_of_mention(arguments: list[str]) -> str | None:
    """What is wrong with a command whose arguments may be left out or stand for something."""
    try:
        command, rest, _ = _leaf([each for each in arguments if each != "…"], whole=False)
    except click.UsageError as error:
        return error.format_message()
    known = {name for each in command.params if isinstance(each, click.Option) for name in each.opts}
    unknown = [each for each in rest if each.startswith("--") and each.partition("=")[0] not in known]
    return f"no such option: {', '.join(unknown)}" if unknown else None


def _leaf(arguments: list[str], *, whole: bool = True) -> tuple[click.Command, list[str], click.Context]:
    ctx = click.Context(cli, info_name=PROGRAM)
    command: click.Command = cli
    rest = arguments
    while isinstance(command, click.Group):
        if command is cli:
            _, rest, _ = cli.make_parser(ctx).parse_args(args=list(rest))
        if not rest and not whole:
            return command, [], ctx
        if not rest:
            raise click.UsageError("names no command")
        name, found, rest = command.resolve_command(ctx, rest)
        if found is None:
            raise click.UsageError(f"no such command: {name}")
        command, ctx = found, click.Context(found, info_name=name, parent=ctx)
    return command, rest, ctx


def _words(line: str) -> list[str]:
    """The words of one shell command, up to a redirection or the next command."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words = list(lexer)
    end = next((number for number, word in enumerate(words) if word in _ENDS), len(words))
    return words[:end]


def _arguments(words: list[str]) -> list[str] | None:
    """What follows the program's name; None: the line runs something else."""
    if words[:2] == ["sudo", "-u"]:
        words = words[3:]
    if words and words[0] == PROGRAM:
        return words[1:]
    by_path = [number for number, word in enumerate(words) if PurePath(word).parts[-2:] == ("bin", PROGRAM)]
    return words[by_path[0] + 1 :] if by_path and words[0] != "ln" else None
