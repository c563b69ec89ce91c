"""What threads that wait for a token get when it cannot be had."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Lock, Semaphore
from types import TracebackType
from typing import Any

import pytest

from isp_addons.vendor_api import ReplayClock, Unauthorised, Unavailable, VendorError
from isp_addons.vendor_api.http import VendorSession
from isp_addons_eset.tokens import Tokens

THREADS = 6
CLOCK = ReplayClock(datetime(2026, 3, 10, tzinfo=UTC))


class CountingLock:
    """A lock that tells how many have come to it."""

    def __init__(self) -> None:
        self.came = Semaphore(0)
        self._lock = Lock()

    def __enter__(self) -> None:
        self.came.release()
        self._lock.acquire()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._lock.release()


class Failing(VendorSession):
    """Answers nobody before all threads have come, then fails with what it was given."""

    def __init__(self, errors: Iterator[VendorError]) -> None:
        super().__init__("http://127.0.0.1:1", clock=CLOCK)
        self.asked = 0
        self.lock = CountingLock()
        self._errors = errors

    def send(self, *_: Any, **__: Any) -> Any:
        self.asked += 1
        if self.asked == 1:
            for _each in range(THREADS):
                assert self.lock.came.acquire(timeout=10)
        raise next(self._errors)


@pytest.mark.parametrize("kind", [Unauthorised, Unavailable])
def test_a_login_that_fails_is_tried_once_for_all_that_wait(kind: type[VendorError]) -> None:
    session = Failing(iter([kind("No.", action="Token/Get", hint="Look."), Unavailable("Another.")]))
    tokens = Tokens(session, login="billing", password="s3cret", clock=CLOCK)
    tokens._lock = session.lock  # type: ignore[assignment]

    def take(_number: int) -> VendorError:
        with pytest.raises(VendorError) as caught:
            tokens.current()
        return caught.value

    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        failed = list(pool.map(take, range(THREADS)))
    assert session.asked == 1
    assert {type(each) for each in failed} == {kind}
    assert {str(each) for each in failed} == {"Token/Get: No. Look."}
    assert len({id(each) for each in failed}) == THREADS  # each thread raises its own
    with pytest.raises(Unavailable, match="Another"):  # whoever comes later tries anew
        tokens.current()
