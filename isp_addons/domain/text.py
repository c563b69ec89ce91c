"""Text that people and billings give: one line, printable, no longer than what it is stored in."""

from isp_addons.domain.problem import BadInput

_SHOWN = 60


def parse_line(text: str, *, name: str, most: int) -> str:
    """*text* itself, if it is 1 to *most* printable characters; control characters and broken encodings are refused."""
    if 0 < len(text) <= most and text.isprintable():
        return text
    shown = shorten(text)
    raise BadInput(f"The {name} {shown!r} is not 1 to {most} printable characters.", code=f"bad_{name.replace(' ', '_')}")


def shorten(text: str) -> str:
    """*text* as a sentence about it shows it."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
