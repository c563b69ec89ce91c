"""The plugins' own options, checked against the models that the plugins declare."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, SecretBytes, SecretStr, ValidationError

from isp_addons.domain.problem import ConfigProblem, Problem
from isp_addons.settings.complaints import complain, exposed
from isp_addons.settings.document import Document, Problems
from isp_addons.settings.sections import VENDOR, VENDOR_OPTIONS, VendorSettings
from isp_addons.settings.values import resolve

if TYPE_CHECKING:
    from isp_addons.settings.load import Settings
    from isp_addons.vendor_api import VendorOptions, VendorPlugin

    PluginClass = type[VendorPlugin[Any]]
    PluginClassFor = Callable[[str], PluginClass | None]

log = logging.getLogger(__name__)


def check_vendor_options(settings: "Settings", plugin_class_for: "PluginClassFor") -> "dict[str, VendorOptions]":
    """Check the plugin's own options of every vendor, enabled or not; the answer has them by the vendor's name.

    *plugin_class_for* finds a plugin by its name; None = not installed. Raises one `ConfigProblem` with every problem.
    """
    problems = Problems(settings.path)
    checked = {}
    for vendor in settings.vendors.values():
        plugin = _plugin(settings.document, problems, vendor, plugin_class_for)
        options = None if plugin is None else _options(settings.document, problems, vendor, plugin.Options)
        if options is not None:
            checked[vendor.name] = options
    problems.raise_all()
    return checked


def vendor_warnings(settings: "Settings", plugin_class_for: "PluginClassFor") -> tuple[str, ...]:
    """Warn of every secret of a plugin that is written out in a file which everybody may read."""
    found = []
    for vendor in settings.vendors.values():
        plugin = plugin_class_for(vendor.plugin)
        for option in () if plugin is None else secret_options(plugin.Options):
            found.append(exposed(settings.document, VENDOR + vendor.name, option))
    return tuple(warning for warning in found if warning is not None)


def secret_options(model: type[BaseModel]) -> tuple[str, ...]:
    """The options of a plugin that are secrets, in the order of its model."""
    return tuple(name for name, field in model.model_fields.items() if _mentions(field.annotation, SecretStr, SecretBytes))


def _mentions(annotation: object, *wanted: type) -> bool:
    return annotation in wanted or any(_mentions(part, *wanted) for part in get_args(annotation))


def _plugin(
    document: Document, problems: Problems, vendor: VendorSettings, plugin_class_for: "PluginClassFor"
) -> "PluginClass | None":
    try:
        plugin = plugin_class_for(vendor.plugin)
        trouble = f"the plugin {vendor.plugin!r} is not installed"
    except Problem as problem:
        plugin, trouble = None, problem.message
    except Exception as error:  # a plugin may raise anything on import; the others are checked all the same
        log.debug("the plugin %s of vendor %s does not load", vendor.plugin, vendor.name, exc_info=True)
        plugin, trouble = None, f"the plugin does not load: {type(error).__name__}: {error}"
    if plugin is None:
        section = VENDOR + vendor.name
        problems.add(trouble, line=document.line(section, "plugin"), section=section, option="plugin")
    return plugin


def _options(
    document: Document, problems: Problems, vendor: VendorSettings, model: "type[VendorOptions]"
) -> "VendorOptions | None":
    options = _resolved(document, problems, vendor, model)
    try:
        return model.model_validate(options)
    except ValidationError as error:
        complain(
            error,
            document,
            problems,
            section=VENDOR + vendor.name,
            model=model,
            known=[*model.model_fields, *VENDOR_OPTIONS],
            secret=secret_options(model),
            told=vendor.options.keys() - options.keys(),
        )
        return None


def _resolved(document: Document, problems: Problems, vendor: VendorSettings, model: type[BaseModel]) -> dict[str, str]:
    """The options that resolve, relative paths from the configuration's folder; the others are added to *problems*."""
    options = {}
    for option, raw in vendor.options.items():
        try:
            value = resolve(raw, document.folder)
        except ConfigProblem as problem:
            section = VENDOR + vendor.name
            problems.add(problem.message, line=document.line(section, option), section=section, option=option)
            continue
        field = model.model_fields.get(option)
        is_path = field is not None and _mentions(field.annotation, Path)
        options[option] = str(document.folder / value) if is_path else value
    return options
