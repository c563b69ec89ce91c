"""Tasks that a file answers: a vendor was told of all accounts at once, so nobody has to confirm each one."""

from collections.abc import Mapping

from isp_addons.convergence import task_answers
from isp_addons.convergence.task_list import TaskList
from isp_addons.domain.cause import Cause
from isp_addons.domain.licence import Step
from isp_addons.domain.operator_task import TaskStatus

_BLOCKS = {Step.BLOCK.value: True, Step.BEFORE_PERIOD_END.value: True, Step.UNBLOCK.value: False}
_MOST = 1_000_000


def settle(tasks: TaskList, cause: Cause, *, vendor: str, blocked: Mapping[str, bool]) -> int:
    """*vendor* has by now what *blocked* says of each account: answer the tasks about it; returns how many.

    A task whose step the file brought about is confirmed. One that was recalled, and of which the file says otherwise, was not
    done. One that the file does not carry yet waits for the next file.
    """
    settled = 0
    for task in tasks.waiting(now=cause.at, limit=_MOST, vendor=vendor):
        told = blocked.get(task.account)
        if told is None or task.step not in _BLOCKS or task.status is TaskStatus.REFUSED:
            continue
        if told == _BLOCKS[task.step]:
            settled += task_answers.confirm(tasks.store, cause, licence=task.licence)
        elif task.status is TaskStatus.RECALLED:
            settled += task_answers.could_not(tasks.store, cause, licence=task.licence, note="the uploaded file says otherwise")
    return settled
