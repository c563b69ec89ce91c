"""The languages in which the product speaks to admins and writes to people."""

from enum import StrEnum


class Language(StrEnum):
    """One of them, by its code of ISO 639-1."""

    EN = "en"
    DE = "de"
    RU = "ru"
    UK = "uk"
    FR = "fr"


LANGUAGES = tuple(each.value for each in Language)
"""All of them, English first: what is said where there is nothing in another one."""
