"""Uploading the billing file by an executable of the ISP's own: Ajax gives each company its own address and credentials."""

import os
from collections.abc import Sequence
from pathlib import Path

from isp_addons.vendor_api import OutcomeUnknown, Unavailable, process

_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")
_SHOWN = 300


def run(argv: Sequence[str], path: Path, *, time_limit: float) -> None:
    """Run the executable with *path* as its last argument. Exit code 0 is success; anything else is a `VendorError`."""
    action, name = f"upload {path.name}", Path(argv[0]).name
    environment = {each: os.environ[each] for each in _INHERITED if each in os.environ}
    try:
        ended = process.run([*argv, str(path.absolute())], given=b"", environment=environment, time_limit=time_limit)
    except process.NotStarted as why:
        raise Unavailable(str(why), action=action, hint="Check upload_command in the vendor's section.") from None
    if ended.ending is process.Ending.EXITED and ended.code == 0:
        return
    said = " ".join(ended.errors.decode("utf-8", "replace").replace("\x00", " ").split())[-_SHOWN:]
    if ended.ending is process.Ending.EXITED:
        how = f"ended with exit code {ended.code}"
    elif ended.ending is process.Ending.TIMED_OUT:
        how = f"did not end within {time_limit:g} s and was stopped"
    else:
        how = f"wrote more than {process.MOST_OUTPUT} bytes to its standard output and was stopped"
    raise OutcomeUnknown(f"{name} {how}.{f' It said: {said}' if said else ''}", action=action, answer=said)
