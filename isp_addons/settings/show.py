"""The configuration as `isp-addons config show` lists it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from isp_addons.settings import vendors
from isp_addons.settings.document import Block, Document
from isp_addons.settings.payments import SECRET_KEYS
from isp_addons.settings.sections import SECTIONS, VENDOR_OPTIONS, Section
from isp_addons.settings.values import is_reference, starred, written

if TYPE_CHECKING:
    from isp_addons.settings.load import Settings

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Shown:
    """One option: its value with secrets starred, and ``file:line`` or ``default`` for where the value comes from."""

    section: str
    option: str
    value: str
    origin: str


def shown(settings: "Settings", plugin_class_for: "vendors.PluginClassFor | None") -> list[Shown]:
    """See `Settings.shown`."""
    rows = []
    models = (
        settings.general,
        settings.database,
        settings.billing,
        settings.forecast,
        settings.operator_tasks,
        settings.resellers,
        settings.payments,
        settings.mail,
        settings.customers,
        settings.vat,
    )
    for name, model in zip(SECTIONS, models, strict=True):
        rows += _typed(settings.document, name, model, type(model).model_fields)
    for vendor in settings.vendors.values():
        section = f"vendor:{vendor.name}"
        rows += _typed(settings.document, section, vendor, VENDOR_OPTIONS)
        plugin = plugin_class_for(vendor.plugin) if plugin_class_for else None
        # an option that the plugin does not know may be a secret's name misspelt
        plain = set() if plugin is None else plugin.Options.model_fields.keys() - vendors.secret_options(plugin.Options)
        rows += [
            Shown(section, option, _starred(raw, hide=option not in plain), _origin(settings.document, section, option))
            for option, raw in vendor.options.items()
        ]
    return rows


def _typed(document: Document, section: str, model: Section, options: Collection[str]) -> list[Shown]:
    block = document.blocks.get(section, Block(0))
    rows = []
    for option in options:
        entry = block.entries.get(option)
        value = written(getattr(model, option))
        hidden = "*" if option in (*SECRET_KEYS, "password") and value else starred(value)
        text = entry.value if entry is not None and is_reference(entry.value) else hidden
        rows.append(Shown(section, option, text, _origin(document, section, option)))
    return rows


def _starred(raw: str, *, hide: bool) -> str:
    if is_reference(raw):
        return raw
    return "*" if hide else starred(" ".join(raw.splitlines()))


def _origin(document: Document, section: str, option: str) -> str:
    block = document.blocks.get(section)
    written_here = block is not None and option in block.entries
    return f"{document.path}:{document.line(section, option)}" if written_here else DEFAULT
