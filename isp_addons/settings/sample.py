"""The sample configuration: every option with its default and meaning, made from the models that check it."""

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from isp_addons.settings.sections import SECTIONS, VENDOR_OPTIONS, VendorSettings
from isp_addons.settings.values import written
from isp_addons.settings.vendors import secret_options

if TYPE_CHECKING:
    from isp_addons.vendor_api import VendorPlugin

_HEAD = """\
# The configuration of isp-addons, as an INI file in UTF-8.
#
# Every option stands here with its default, or with an example where it has none: take away the # in front of it to set it.
# [database] and [billing] must be present. A relative path starts from the folder of this file. A comment has a line of its
# own.
#
# Secrets need not stand here: in [vendor:...] sections and for every url, env:NAME is the value of an environment variable,
# and file:PATH is the text of a file. If they do stand here: chmod 600.
"""


def sample(plugins: "Mapping[str, type[VendorPlugin[Any]]]") -> str:
    """The text of a configuration that works as it is, with an example of a vendor for each of *plugins* (by name)."""
    parts = [_HEAD]
    for name, model in SECTIONS.items():
        parts.append("\n".join([f"# {_meaning(model)}", f"[{name}]", *_lines(model, model.model_fields, {})]) + "\n")
    parts += [_vendor(name, plugin.Options) for name, plugin in plugins.items()]
    return "\n".join(parts)


def _vendor(name: str, options: type[BaseModel]) -> str:
    given = {option: f"env:{name}_{option}".upper().replace("ENV:", "env:") for option in secret_options(options)}
    lines = [
        f"# A vendor that the plugin {name} speaks to; one section each, NAME as you like: [vendor:NAME].",
        f"#[vendor:{name}]",
        *_lines(VendorSettings, VENDOR_OPTIONS, {"plugin": name}, required="#"),
        *_lines(options, required_first(options), given, required="#"),
    ]
    return "\n".join(lines) + "\n"


def required_first(options: type[BaseModel]) -> list[str]:
    """The options of a plugin as people read them: what must be given, then the rest, each in the order of the model."""
    return sorted(options.model_fields, key=lambda name: not options.model_fields[name].is_required())


def _lines(model: type[BaseModel], options: Collection[str], given: Mapping[str, str], *, required: str = "") -> Iterator[str]:
    """An explanation and a line for each option; *required* stands before the options that have no default."""
    for option in options:
        field = model.model_fields[option]
        yield f"# {field.description}{' Required.' if field.is_required() else ''}"
        sign = required if field.is_required() else "#"
        yield f"{sign}{option} = {given.get(option) or _value(field)}".rstrip()


def _value(field: FieldInfo) -> str:
    if field.examples:
        return str(field.examples[0])
    return "" if field.is_required() else written(field.get_default(call_default_factory=True))


def _meaning(model: type[BaseModel]) -> str:
    """What a section is for: the rest of its model's docstring."""
    return (model.__doc__ or "").partition(": ")[2].capitalize()
