"""Suspending a GMP user: an empty allow-list and stopped tasks, given back as they were. The user and its data stay."""

from isp_addons.vendor_api import Done, LicenceView, Rejected, SeenLicence, SeenState
from isp_addons_greenbone.gmp import NOTHING, RUNNING, STOPPED, Gmp, User
from isp_addons_greenbone.memory import Had, Memory


class Suspending:
    """Takes and gives back, for the user whose comment has the licence's key."""

    def __init__(self, gmp: Gmp, memory: Memory) -> None:
        self._gmp = gmp
        self._memory = memory

    def block(self, licence: LicenceView) -> Done:
        """Keep what the user has, empty its allow-list, stop its tasks. Raises a `VendorError`."""
        user = self._user(licence, "on_block")
        running = tuple(task.id for task in self._gmp.tasks_of(user) if task.status in RUNNING)
        kept = self._memory.recall(licence.key)
        if not user.access.nothing:
            self._memory.keep(licence.key, Had(access=user.access, tasks=_both(kept, running)))
            self._gmp.give_access(user, NOTHING)
        elif kept is not None and running:
            self._memory.keep(licence.key, Had(access=kept.access, tasks=_both(kept, running)))
        for task in running:
            self._gmp.stop(task)
        return Done(reference=user.id)

    def unblock(self, licence: LicenceView) -> Done:
        """Give back the allow-list, unless somebody has set another one, and let the tasks go on. Raises a `VendorError`."""
        user = self._user(licence, "on_unblock")
        kept = self._memory.recall(licence.key)
        if kept is None:
            if user.access.nothing:
                message = f"the allow-list of the user {user.name} is empty and nothing is kept of what it was."
                hint = "Enter the addresses at the server and confirm it."
                raise Rejected(message, action=f"on_unblock {licence.key}", hint=hint)
            return Done(reference=user.id)
        if user.access.nothing:
            self._gmp.give_access(user, kept.access)
        stopped = {task.id for task in self._gmp.tasks_of(user) if task.status == STOPPED}
        for task in kept.tasks:
            if task in stopped:
                self._gmp.resume(task)
        self._memory.forget(licence.key)
        return Done(reference=user.id)

    def read(self, licence: LicenceView) -> SeenLicence:
        """What the server has under the licence's key. The quantity is the number that follows the key in the comment."""
        user = self._gmp.user_with(licence.key)
        if user is None:
            return SeenLicence(key=licence.key, state=SeenState.ABSENT)
        state = SeenState.SUSPENDED if user.access.nothing else SeenState.ACTIVE
        return SeenLicence(key=licence.key, state=state, reference=user.id, quantity=_quantity(user, licence))

    def _user(self, licence: LicenceView, hook: str) -> User:
        user = self._gmp.user_with(licence.key)
        if user is None:
            message = f"no user has {licence.key} in its comment."
            hint = "Write the key into the comment of the account's user."
            raise Rejected(message, action=f"{hook} {licence.key}", hint=hint)
        return user


def _both(kept: Had | None, running: tuple[str, ...]) -> tuple[str, ...]:
    before = kept.tasks if kept is not None else ()
    return (*before, *(task for task in running if task not in before))


def _quantity(user: User, licence: LicenceView) -> int:
    """How many addresses the comment says were given; where it says nothing, as many as were asked for."""
    words = user.comment.split()
    after = words[words.index(licence.key) + 1 :]
    return int(after[0]) if after and after[0].isascii() and after[0].isdecimal() and len(after[0]) < 10 else licence.quantity
