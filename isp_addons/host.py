"""Finds and enables vendor plugins: one instance for each configured vendor, loaded one at a time."""

import importlib.util
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from threading import RLock
from typing import Any

from pydantic import SecretStr

from isp_addons.clock import Clock
from isp_addons.domain.problem import NotFound, Refused
from isp_addons.vendor import Vendor, tell_fault
from isp_addons.vendor_api import VendorContext, VendorOptions, VendorPlugin
from isp_addons.vendor_api.http import star

__all__ = ["FoundPlugin", "Host", "Vendor", "VendorSection", "VendorStatus"]

ENTRY_POINTS = "isp_addons.vendors"


@dataclass(frozen=True, slots=True)
class VendorSection:
    """One ``[vendor:NAME]``, its plugin's options checked already; None: the plugin could not be loaded for that."""

    name: str
    plugin: str
    enabled: bool
    options: VendorOptions | None


@dataclass(frozen=True, slots=True)
class FoundPlugin:
    """A plugin that is installed: where it comes from, and how to load it."""

    name: str
    version: str
    load: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class VendorStatus:
    """One configured vendor as an admin sees it; ``error`` says why it cannot be used."""

    name: str
    plugin: str
    version: str
    enabled: bool
    hooks: tuple[str, ...]
    error: str = ""


class Host:
    """All configured vendors. A broken one is listed with its error and disturbs nobody. Safe to share between threads.

    *load_errors*: plugins of which another host has found, and said, that they do not load; they are not tried again.
    """

    def __init__(
        self,
        sections: Iterable[VendorSection],
        *,
        clock: Clock,
        plugins_dir: Path | None = None,
        language: str = "en",
        load_errors: Mapping[str, str] | None = None,
    ) -> None:
        self._sections = {section.name: section for section in sections}
        self._clock = clock
        self._plugins_dir = plugins_dir
        self._language = language
        self._vendors: dict[str, Vendor] = {}
        self._errors: dict[str, str] = {}
        self._load_errors: dict[str, str] = dict(load_errors or {})
        self._found: dict[str, FoundPlugin] | None = None
        self._loading = RLock()

    def names(self) -> tuple[str, ...]:
        """Every configured vendor, enabled or not."""
        return tuple(self._sections)

    def usable(self) -> tuple[Vendor, ...]:
        """The vendors that are enabled and load."""
        return tuple(self._vendors[name] for name in self._sections if self._try(name))

    def vendor(self, name: str) -> Vendor:
        """One vendor to be called. Raises `NotFound` when unknown, `Refused` when disabled or broken."""
        section = self._sections.get(name)
        if section is None:
            known = ", ".join(self._sections) or "none is configured"
            raise NotFound(
                f"There is no vendor {name!r}; add a section [vendor:{name}] (known: {known}).", code="unknown_vendor"
            )
        if not section.enabled:
            raise Refused(f"The vendor {name} is disabled; set enabled = yes in [vendor:{name}].", code="vendor_disabled")
        if not self._try(name):
            raise Refused(f"The vendor {name} cannot be used: {self._errors[name]}", code="vendor_broken")
        return self._vendors[name]

    def statuses(self) -> list[VendorStatus]:
        """Every configured vendor with its health, broken ones with their error."""
        found = self.plugins()
        rows = []
        for name, section in self._sections.items():
            self._try(name)
            vendor = self._vendors.get(name)
            version = found[section.plugin].version if section.plugin in found else ""
            rows.append(
                VendorStatus(
                    name, section.plugin, version, section.enabled, vendor.hooks if vendor else (), self._errors.get(name, "")
                )
            )
        return rows

    def plugins(self) -> dict[str, FoundPlugin]:
        """Every installed plugin by name; nothing is imported yet."""
        if self._found is None:
            self._found = {point.name: _from_entry_point(point) for point in metadata.entry_points(group=ENTRY_POINTS)}
            for path in sorted(self._plugins_dir.glob("[!_]*.py")) if self._plugins_dir else ():
                self._found[path.stem] = FoundPlugin(path.stem, "file", lambda path=path: _from_file(path))  # type: ignore[misc]
        return self._found

    def plugin_class(self, name: str) -> type[VendorPlugin[Any]]:
        """Import one plugin. Raises `NotFound`, or whatever the plugin's own import raises."""
        found = self.plugins().get(name)
        if found is None:
            known = ", ".join(sorted(self.plugins())) or "none"
            raise NotFound(f"There is no plugin {name!r} (installed: {known}).", code="unknown_plugin")
        loaded = found.load()
        if not (isinstance(loaded, type) and issubclass(loaded, VendorPlugin)):
            raise TypeError(f"the plugin {name!r} is not a VendorPlugin class but {loaded!r}")
        return loaded

    @property
    def load_errors(self) -> dict[str, str]:
        """The plugins that `try_plugin_class` could not load so far, and why."""
        return dict(self._load_errors)

    def try_plugin_class(self, name: str) -> type[VendorPlugin[Any]] | None:
        """Import one plugin; None when it is missing or does not load: that is logged once, and `statuses` says it."""
        if name in self._load_errors:
            return None
        try:
            return self.plugin_class(name)
        except NotFound as error:
            self._load_errors[name] = error.message
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - a plugin may raise anything on import; the others go on
            tell_fault(f"the plugin {name} does not load", error)
            self._load_errors[name] = f"the plugin {name} does not load: {type(error).__name__}: {error}"
        return None

    def close(self) -> None:
        """Let every loaded plugin go of its connections."""
        for vendor in self._vendors.values():
            vendor.close()

    def _try(self, name: str) -> bool:
        section = self._sections[name]
        with self._loading:
            if section.enabled and name not in self._vendors and name not in self._errors:
                plugin = self.try_plugin_class(section.plugin)
                if plugin is not None:
                    self._start(section, plugin)
                else:
                    self._errors[name] = self._load_errors[section.plugin]
        return name in self._vendors

    def _start(self, section: VendorSection, plugin: type[VendorPlugin[Any]]) -> None:
        options: VendorOptions | None = section.options
        try:
            options = options if options is not None else plugin.Options()
            made = plugin(VendorContext(section.name, options, self._clock, self._language))
            version = self.plugins()[section.plugin].version
            self._vendors[section.name] = Vendor(section.name, made, version, secrets=_secrets(options))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - a plugin may raise anything; it is listed, and the others go on
            said = star(f"{type(error).__name__}: {error}", _secrets(options))
            what = f"the plugin {section.plugin} of vendor {section.name} does not start"
            tell_fault(what, error, secrets=_secrets(options))
            self._errors[section.name] = f"the plugin {section.plugin} does not start: {said}"


def _secrets(options: VendorOptions | None) -> list[str]:
    """Every secret among the options: none of them may appear in what is logged or shown."""
    values = dict(options).values() if options is not None else ()
    return [each.get_secret_value() for each in values if isinstance(each, SecretStr)]


def _from_entry_point(point: metadata.EntryPoint) -> FoundPlugin:
    version = point.dist.version if point.dist else ""
    return FoundPlugin(point.name, version, point.load)


def _from_file(path: Path) -> Any:
    """Load a single-file plugin: the one `VendorPlugin` subclass that the file defines. A file is executed once."""
    name = f"isp_addons_plugin_{path.stem}"
    module = sys.modules.get(name)
    if module is None or module.__file__ != str(path):
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise ImportError(f"{path} is not a Python file")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module  # dataclasses and pydantic look their own module up while it is executed
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, VendorPlugin) and value.__module__ == name
    ]
    if len(classes) != 1:
        raise ImportError(f"{path} must define exactly one VendorPlugin class, found {len(classes)}")
    return classes[0]
