"""Reading a file that somebody gives: whole, no larger than it may be, in UTF-8 with or without a byte order mark."""

from pathlib import Path
from typing import BinaryIO

from isp_addons.domain.problem import BadInput


def read_text(source: Path | BinaryIO, *, name: str, most: int) -> str:
    """What stands in *source*, *name* to those who are told of it. Raises `BadInput` (``bad_file``).

    *most*: how many bytes it may have.
    """
    try:
        data = _bytes(source, most + 1)
    except OSError as error:
        raise BadInput(f"{source} cannot be read: {error.strerror}.", code="bad_file") from error
    if len(data) > most:
        raise BadInput(f"{name} is larger than {most // 1_000_000} MB; divide it.", code="bad_file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadInput(f"{name}:{line}: this is not UTF-8; save the file in that encoding.", code="bad_file") from error


def _bytes(source: Path | BinaryIO, most: int) -> bytes:
    if not isinstance(source, Path):
        return source.read(most)
    with source.open("rb") as file:
        return file.read(most)
