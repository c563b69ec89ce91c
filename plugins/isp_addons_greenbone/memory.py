"""What a suspended user had, kept in a folder until it is given back: one file for each licence, readable by us alone."""

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from isp_addons.vendor_api import Rejected
from isp_addons_greenbone.gmp import Access


@dataclass(frozen=True, slots=True, kw_only=True)
class Had:
    """What was taken: which addresses could be scanned, and the tasks that were running."""

    access: Access
    tasks: tuple[str, ...]


class Memory:
    """The folder. Each file is replaced as a whole, so that a crash leaves the old one or the new one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def recall(self, key: str) -> Had | None:
        """What the licence *key* had; None when nothing is kept. Raises `Rejected` for a file that cannot be read."""
        path = self._path(key)
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            access = Access(allow=bool(told["allow"]), hosts=str(told["hosts"]))
            return Had(access=access, tasks=tuple(str(each) for each in told["tasks"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Rejected(f"the file {path} cannot be read: {error}.", action=f"recall {key}", hint="Correct it.") from error

    def keep(self, key: str, had: Had) -> None:
        """Write it down durably. Raises `Rejected` when that is not possible: nothing may be taken then."""
        text = json.dumps({"allow": had.access.allow, "hosts": had.access.hosts, "tasks": list(had.tasks)})
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder, prefix=f".{key}-")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path(key))
        except OSError as error:
            message = f"what is taken cannot be kept in {self._folder}: {error.strerror}."
            raise Rejected(message, action=f"keep {key}", hint="Check state_dir in the vendor's section.") from error

    def forget(self, key: str) -> None:
        """It was given back."""
        self._path(key).unlink(missing_ok=True)

    def check(self) -> str:
        """A sentence about the folder. Raises `Rejected` when it cannot be written to."""
        self.keep("check", Had(access=Access(allow=False, hosts=""), tasks=()))
        self.forget("check")
        return f"What is taken from suspended users is kept in {self._folder}."

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.json"
