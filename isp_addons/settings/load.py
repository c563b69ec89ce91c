"""Reads and checks the whole configuration."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from pydantic import ValidationError

from isp_addons.settings import show, values
from isp_addons.settings.complaints import complain, exposed
from isp_addons.settings.document import Block, Document, Problems, nearest, read
from isp_addons.settings.sections import (
    REQUIRED,
    SECTIONS,
    VENDOR,
    VENDOR_OPTIONS,
    BillingSettings,
    CustomerSettings,
    DatabaseSettings,
    ForecastSettings,
    GeneralSettings,
    MailSettings,
    OperatorTaskSettings,
    PaymentSettings,
    ResellerSettings,
    Section,
    VatSettings,
    VendorSettings,
)

if TYPE_CHECKING:
    from isp_addons.settings.vendors import PluginClassFor

SectionT = TypeVar("SectionT", bound=Section)

_VENDOR_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_NO_VALUE = "has no value; write one, or remove the line."
_WITH_SECRETS = ("url", "password", "secret_key", "public_key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The checked configuration. ``warnings``: sentences about what works but should not stay so."""

    path: Path
    general: GeneralSettings
    database: DatabaseSettings
    billing: BillingSettings
    forecast: ForecastSettings
    operator_tasks: OperatorTaskSettings
    resellers: ResellerSettings
    payments: PaymentSettings
    mail: MailSettings
    customers: CustomerSettings
    vat: VatSettings
    vendors: Mapping[str, VendorSettings]
    warnings: tuple[str, ...]
    document: Document = field(repr=False)

    def shown(self, plugin_class_for: "PluginClassFor | None" = None) -> list[show.Shown]:
        """Every option with its value and where that comes from, secrets starred.

        Without *plugin_class_for*, or for a plugin that is not installed, all of a plugin's own options count as secrets.
        """
        return show.shown(self, plugin_class_for)


def load(path: Path) -> Settings:
    """Read and check the configuration at *path*. Raises one `ConfigProblem` that names every problem, one a line."""
    document, problems = read(path)
    for name, example in REQUIRED.items():
        if name not in document.blocks:
            sentence = f"the section is missing; add for example the two lines [{name}] and {example}"
            problems.add(sentence, line=None, section=name)
    settings = Settings(
        path=path,
        general=_section(document, problems, "isp-addons", GeneralSettings),
        database=_section(document, problems, "database", DatabaseSettings),
        billing=_section(document, problems, "billing", BillingSettings),
        forecast=_section(document, problems, "forecast", ForecastSettings),
        operator_tasks=_section(document, problems, "operator_tasks", OperatorTaskSettings),
        resellers=_section(document, problems, "resellers", ResellerSettings),
        payments=_section(document, problems, "payments", PaymentSettings),
        mail=_section(document, problems, "mail", MailSettings),
        customers=_section(document, problems, "customers", CustomerSettings),
        vat=_section(document, problems, "vat", VatSettings),
        vendors=_vendors(document, problems),
        warnings=tuple(_warnings(document)),
        document=document,
    )
    problems.raise_all()
    return settings


def _section(document: Document, problems: Problems, name: str, model: type[SectionT]) -> SectionT:
    """One section as its model. After a problem the answer is of no use, and nobody sees it: `load` raises."""
    block = document.blocks.get(name)
    if block is None and name in REQUIRED:
        return cast("SectionT", model.model_construct())
    taken, told = _single_lines(block or Block(0), problems, name)
    return _validated(document, problems, name, model, taken, told)


def _vendors(document: Document, problems: Problems) -> dict[str, VendorSettings]:
    found = {}
    for section, block in document.blocks.items():
        if section in SECTIONS:
            continue
        name = section.removeprefix(VENDOR)
        if section.startswith(VENDOR) and _VENDOR_NAME.fullmatch(name):
            found[name] = _vendor(document, problems, name, block)
        elif section.lower().startswith("vendor"):
            problems.add(
                "a vendor's section should be [vendor:NAME]; NAME is letters, digits, _ and -, at most 40.",
                line=block.line,
                section=section,
            )
        else:
            known = [f"[{known}]" for known in (*SECTIONS, "vendor:NAME")]
            problems.add(f"is not a section; {nearest(f'[{section}]', known)}", line=block.line, section=section)
    return found


def _vendor(document: Document, problems: Problems, name: str, block: Block) -> VendorSettings:
    own = Block(block.line, {option: entry for option, entry in block.entries.items() if option in VENDOR_OPTIONS})
    taken, told = _single_lines(own, problems, VENDOR + name)
    options = {option: entry.value for option, entry in block.entries.items() if option not in VENDOR_OPTIONS}
    for option in (option for option, value in options.items() if not value):
        problems.add(_NO_VALUE, line=document.line(VENDOR + name, option), section=VENDOR + name, option=option)
    return _validated(document, problems, VENDOR + name, VendorSettings, {**taken, "name": name, "options": options}, told)


def _validated(
    document: Document, problems: Problems, name: str, model: type[SectionT], taken: Mapping[str, object], told: set[str]
) -> SectionT:
    try:
        return model.model_validate(taken, context={"folder": document.folder})
    except ValidationError as error:
        complain(
            error,
            document,
            problems,
            section=name,
            model=model,
            known=list(model.model_fields),
            secret=_WITH_SECRETS,
            told=told,
        )
        return cast("SectionT", model.model_construct())


def _single_lines(block: Block, problems: Problems, section: str) -> tuple[dict[str, str], set[str]]:
    """The values of one section that are one line, and the names of those that were refused for not being so."""
    taken, told = {}, set()
    for option, entry in block.entries.items():
        if entry.value and "\n" not in entry.value:
            taken[option] = entry.value
            continue
        told.add(option)
        more = "goes on in the lines below, which are indented deeper; write them at the same indentation."
        sentence = more if entry.value else _NO_VALUE
        problems.add(sentence, line=entry.line, section=section, option=option)
    return taken, told


def _warnings(document: Document) -> list[str]:
    found = []
    for section in ("database", "billing"):
        block = document.blocks.get(section)
        entry = None if block is None else block.entries.get("url")
        if entry is not None and values.has_password(entry.value):
            found.append(exposed(document, section, "url"))
    found.append(exposed(document, "payments", "secret_key"))
    found.append(exposed(document, "mail", "password"))
    return [warning for warning in found if warning is not None]
