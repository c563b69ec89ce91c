"""Writes the generated parts of the pages: what stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``.

Run it after a change of commands, settings, hooks, event words or tables: ``.venv/bin/python docs/generate.py``. A test fails
while a page is out of date.
"""

import ast
import inspect
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib import metadata
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from isp_addons import hookspecs
from isp_addons.cli.main import COMMANDS, cli
from isp_addons.clock import SystemClock
from isp_addons.domain import customer, hold, subscription
from isp_addons.domain.event import ALIASES, Word
from isp_addons.domain.licence import SeenState, WantedState
from isp_addons.domain.permission import MAY, Permission, Role
from isp_addons.domain.retry import PATIENCE, FailureKind
from isp_addons.host import ENTRY_POINTS
from isp_addons.services import plugin_features
from isp_addons.settings import required_first
from isp_addons.settings.sections import SECTIONS, VENDOR_OPTIONS, VendorSettings
from isp_addons.settings.values import written
from isp_addons.settings.vendors import secret_options
from isp_addons.store.tables import Base
from isp_addons.vendor_api import VendorError, VendorPlugin, errors, types

FOLDER = Path(__file__).parent
PART = re.compile(r"(<!-- generated: (?P<name>[a-z_]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> None:
    """Rewrite every page that is out of date, and name it."""
    for page in pages():
        text = page.read_text(encoding="utf-8")
        new = renewed(text)
        if new != text:
            page.write_text(new, encoding="utf-8")
            sys.stdout.write(f"renewed {page.relative_to(FOLDER)}\n")


def pages() -> list[Path]:
    """The pages that have a generated part."""
    return [page for page in sorted(FOLDER.rglob("*.md")) if PART.search(page.read_text(encoding="utf-8"))]


def renewed(text: str) -> str:
    """The text of a page with its generated parts as they should be."""
    return PART.sub(lambda found: f"{found[1]}\n{PARTS[found['name']]().strip()}\n\n{found[3]}", text)


def commands() -> str:
    """Every command with its options."""
    with click.Context(cli, info_name="isp-addons") as ctx:
        lines = ["## Options of every command", "", *_options(cli, ctx)]
        for title, group in COMMANDS.items():
            lines += ["", f"## {title}"]
            for name in group:
                command = cli.get_command(ctx, name)
                if command is None:
                    raise LookupError(name)
                lines += _command(name, command, ctx)
    return "\n".join(lines)


def _command(name: str, command: click.Command, parent: click.Context) -> Iterator[str]:
    with click.Context(command, info_name=name, parent=parent) as ctx:
        if isinstance(command, click.Group):
            for each in command.list_commands(ctx):
                yield from _command(each, command.commands[each], ctx)
            return
        usage = " ".join(command.collect_usage_pieces(ctx)[1:])
        yield from ["", f"### `{ctx.command_path}`", "", "```text", f"{ctx.command_path} [OPTIONS] {usage}".rstrip(), "```", ""]
        yield from [_plain(command.help or ""), "", *_options(command, ctx)]


def _options(command: click.Command, ctx: click.Context) -> Iterator[str]:
    options = [each for each in command.get_params(ctx) if isinstance(each, click.Option)]
    own = [_option(each, ctx) for each in options if "--help" not in each.opts]
    if own:
        yield from ["| option | default | meaning |", "|---|---|---|", *own]


def _option(option: click.Option, ctx: click.Context) -> str:
    names = ", ".join([*option.opts, *option.secondary_opts])
    value = "" if option.is_flag else f" {_metavar(option)}"
    default = option.get_default(ctx)
    shown = f"`{default}`" if option.show_default and default is not None else ("required" if option.required else "")
    meaning = (option.help or "").rstrip()
    if isinstance(option.type, click.IntRange | click.FloatRange):
        most = "" if option.type.max == 2**63 - 1 else f" {option.type.min} to {option.type.max}."
        meaning = f"{meaning}{most}".strip()
    return f"| `{names}{value}` | {shown} | {_cell(meaning)} |"


def _metavar(option: click.Option) -> str:
    if isinstance(option.type, click.Choice):
        return "\\|".join(map(str, option.type.choices))
    return option.metavar or {"integer range": "NUMBER", "float range": "NUMBER"}.get(
        option.type.name, option.type.name.upper()
    )


def configuration() -> str:
    """Every section with its options."""
    lines: list[str] = []
    for name, model in SECTIONS.items():
        lines += [f"## `[{name}]`", "", _meaning(model), "", *_settings(model, list(model.model_fields))]
    lines += [
        "## `[vendor:NAME]`",
        "",
        "One section for each vendor; NAME is yours: letters, digits, `_` and `-`, at most 40.",
        "",
    ]
    lines += _settings(VendorSettings, list(VENDOR_OPTIONS))
    for name, plugin in plugins().items():
        options = plugin.Options
        lines += [f"## Options of the plugin `{name}`", "", "They stand in the same section as the options above.", ""]
        lines += _settings(options, required_first(options))
    return "\n".join(lines)


def plugins() -> dict[str, type[VendorPlugin[Any]]]:
    """Every plugin of the project, by its name; plugins of others that are installed do not count."""
    points = _pyproject()["project"]["entry-points"][ENTRY_POINTS]
    return {name: metadata.EntryPoint(name, points[name], ENTRY_POINTS).load() for name in points}


def _pyproject() -> dict[str, Any]:
    return tomllib.loads((FOLDER.parent / "pyproject.toml").read_text(encoding="utf-8"))


def _settings(model: type[BaseModel], options: list[str]) -> Iterator[str]:
    yield from ["| option | default | meaning |", "|---|---|---|"]
    for option in options:
        field = model.model_fields[option]
        secret = " A secret." if option in secret_options(model) else ""
        yield f"| `{option}` | {_default(field)} | {_cell((field.description or '') + secret)} |"
    yield ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = written(field.get_default(call_default_factory=True))
    return f"`{value}`" if value else "none"


def features() -> str:
    """What each plugin of the project can do, from its hooks and capabilities."""
    return _by_plugin({name: plugin_features.verbs(plugin, clock=SystemClock()) for name, plugin in plugins().items()})


def vendor_limits() -> str:
    """What the vendors' rules are, beside what they can do."""
    return _by_plugin({name: plugin_features.limits(plugin, clock=SystemClock()) for name, plugin in plugins().items()})


def _by_plugin(rows: dict[str, dict[str, str]]) -> str:
    heads = list(next(iter(rows.values())))
    lines = [f"| plugin | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    return "\n".join([*lines, *(f"| `{name}` | {' | '.join(row.values())} |" for name, row in sorted(rows.items()))])


def events() -> str:
    """The words of events with their aliases."""
    lines = ["| word | also written as |", "|---|---|"]
    for word in Word:
        lines.append(f"| `{word}` | {', '.join(f'`{alias}`' for alias, meant in ALIASES.items() if meant is word)} |")
    return "\n".join(lines)


def hooks() -> str:
    """Every hook: its exact signature, and what its docstring says."""
    lines: list[str] = []
    for node in ast.parse(inspect.getsource(hookspecs)).body:
        if isinstance(node, ast.FunctionDef):
            signature = f"def {node.name}({ast.unparse(node.args)}) -> {ast.unparse(node.returns or ast.Constant(None))}"
            lines += [f"### `{node.name}`", "", "```python", signature, "```", "", _plain(ast.get_docstring(node) or ""), ""]
    return "\n".join(lines)


def contract_types() -> str:
    """What hooks are given and what they return: every class with its fields."""
    lines: list[str] = []
    source = inspect.getsource(types)
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef):
            assigned = [each for each in node.body if isinstance(each, ast.AnnAssign | ast.Assign)]
            fields = [f"    {ast.get_source_segment(source, each)}" for each in assigned]
            lines += [f"### `{node.name}`", "", _plain(ast.get_docstring(node) or ""), "", "```python"]
            lines += [f"class {node.name}:", *fields, "```", ""]
    return "\n".join(lines)


def tables() -> str:
    """Every table with what it is for and its columns."""
    lines = ["| table | what it holds | columns |", "|---|---|---|"]
    for mapper in sorted(Base.registry.mappers, key=lambda each: each.class_.__name__):
        columns = ", ".join(column.name for column in mapper.columns)
        lines.append(f"| `{mapper.class_.__tablename__}` | {_cell(_plain(mapper.class_.__doc__ or ''))} | {columns} |")
    return "\n".join(lines)


def patience() -> str:
    """How each kind of failed vendor call is tried again."""
    meaning = {each.kind: _docstring(each) for each in VendorError.__subclasses__() if each.__module__ == errors.__name__}
    lines = ["| kind | meaning | first wait | longest wait | given up after |", "|---|---|---|---|---|"]
    for kind in FailureKind:
        how = PATIENCE[kind]
        tries = "never" if how.tries is None else f"{how.tries} {'try' if how.tries == 1 else 'tries'}"
        waits = (_wait(how.first), _wait(how.longest)) if how.tries != 1 else ("", "")
        lines.append(f"| `{kind}` | {meaning[kind]} | {waits[0]} | {waits[1]} | {tries} |")
    return "\n".join(lines)


def _docstring(documented: type) -> str:
    return _cell(_plain(documented.__doc__ or ""))


def _wait(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    return f"{seconds // 60} min" if seconds >= 60 else f"{seconds} s"


def layers() -> str:
    """The rooms in the order of their imports, as import-linter checks it."""
    contracts = _pyproject()["tool"]["importlinter"]["contracts"]
    rooms = next(each["layers"] for each in contracts if each["type"] == "layers")
    return "\n".join(["```text", *(each.replace("isp_addons.", "").replace(" | ", ", ") for each in rooms), "```"])


def words() -> str:
    """The values that columns of states and owners hold."""
    columns = {
        "`licence.wanted_state`": WantedState,
        "`licence.seen_state`": SeenState,
        "`hold.owner`": hold.HoldOwner,
        "`subscription.plan`": subscription.Plan,
        "`subscription.status`": subscription.Status,
        "`customer.mode`": customer.Mode,
        "`customer.payment_method`": customer.PaymentMethod,
    }
    lines = ["| column | values |", "|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {', '.join(f'`{each}`' for each in kind)} |" for name, kind in columns.items())])


def roles() -> str:
    """Which role may do what."""
    named = [f"`{each}`" for each in Permission]
    lines = [f"| role | {' | '.join(named)} |", "|---|" + "---|" * len(named)]
    lines += [f"| `{role}` | {' | '.join('yes' if each in MAY[role] else '' for each in Permission)} |" for role in Role]
    return "\n".join(lines)


def _meaning(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").partition(": ")[2].capitalize()


def _plain(text: str) -> str:
    """A docstring as Markdown."""
    return inspect.cleandoc(text).replace("``", "`")


def _cell(text: str) -> str:
    """Text for one cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


PARTS: dict[str, Callable[[], str]] = {
    "commands": commands,
    "configuration": configuration,
    "features": features,
    "vendor_limits": vendor_limits,
    "events": events,
    "hooks": hooks,
    "types": contract_types,
    "tables": tables,
    "words": words,
    "roles": roles,
    "layers": layers,
    "patience": patience,
}

if __name__ == "__main__":
    main()
