"""The texts of mail: the same in every language."""

import re
from importlib import resources

import pytest

from isp_addons.domain.language import LANGUAGES
from isp_addons.services.mail import Kind, text

VALUES = {"name": "Anna", "company": "Bakery", "link": "LINK", "until": "SUNDAY"}


class Marks(dict[str, str]):
    """Any value, marked by its name."""

    def __missing__(self, name: str) -> str:
        return f"<{name}>"


def _placeholders(kind: Kind, language: str) -> set[str]:
    return set(re.findall(r"<(\w+)>", "".join(text(kind, language=language, values=Marks()))))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", Kind)
def test_every_text_tells_the_same_in_every_language(kind: Kind, language: str) -> None:
    assert _placeholders(kind, language) == _placeholders(kind, "en")


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_told_in_another_way_in_each_language(kind: Kind) -> None:
    assert len({text(kind, language=language, values=Marks()) for language in LANGUAGES}) == len(LANGUAGES)


def test_a_language_without_texts_is_told_in_english() -> None:
    assert text(Kind.DELETED, language="xx", values=VALUES) == text(Kind.DELETED, language="en", values=VALUES)


def test_what_a_value_holds_is_not_looked_at_again() -> None:
    subject, body = text(Kind.INVITATION, language="en", values={**VALUES, "company": "{link}", "name": "{until.x}"})

    assert subject == "Your access for {link}"
    assert "Hello {until.x}," in body


def test_there_is_no_file_too_many() -> None:
    folder = resources.files("isp_addons.services") / "mail_texts"

    assert {file.name for file in folder.iterdir()} == {f"{language}.toml" for language in LANGUAGES}
