"""Many at the same time get no further than one after another."""

import threading

import pytest

from integration.people.conftest import PASSWORD, House
from isp_addons.domain.problem import NotFound, Problem, Refused
from isp_addons.services import invitations, sign_in
from isp_addons.services.sign_in import MOST_FAILURES, WINDOW

ANNA = "anna@example.net"


def tries(house: House, password: str) -> str:
    try:
        sign_in.sign_in(house.context, house.cause(), email=ANNA, password=password)
    except Problem as problem:
        return problem.code
    return "in"


def test_guesses_at_the_same_time_are_counted_before_they_are_looked_at(house: House) -> None:
    house.registers(ANNA)
    answers: list[str] = []
    threads = [threading.Thread(target=lambda: answers.append(tries(house, "wrong password"))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert sorted(answers) == ["too_many_attempts"] * (12 - MOST_FAILURES) + ["wrong_login"] * MOST_FAILURES
    assert tries(house, PASSWORD) == "too_many_attempts"
    house.now += WINDOW
    assert tries(house, PASSWORD) == "in"


def test_signing_in_starts_the_count_anew(house: House) -> None:
    house.registers(ANNA)
    for _ in range(3):
        assert [tries(house, "wrong password") for _ in range(MOST_FAILURES - 1)] == ["wrong_login"] * (MOST_FAILURES - 1)
        assert tries(house, PASSWORD) == "in"


def test_one_invitation_accepted_twice_at_once_registers_once(house: House) -> None:
    house.invites(ANNA)
    code = house.mails()[0].body.split("\n\n")[2].strip()
    answers: list[str] = []

    def accept(password: str) -> None:
        try:
            invitations.accept(house.context, house.cause(), token=code, password=password)
        except Refused as refused:
            answers.append(refused.code)
        else:
            answers.append(password)

    passwords = [f"a long password {number}" for number in range(4)]
    threads = [threading.Thread(target=accept, args=(password,)) for password in passwords]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    (winner,) = [answer for answer in answers if answer in passwords]
    assert answers.count("invitation_used") == 3
    assert tries(house, winner) == "in"


def test_old_failures_and_logins_are_forgotten(house: House) -> None:
    house.registers(ANNA)
    tries(house, "wrong password")
    assert sign_in.forget_old(house.context, house.cause()) == 0
    house.now += WINDOW
    assert sign_in.forget_old(house.context, house.cause()) == 1


def test_a_code_with_signs_from_elsewhere_is_only_unknown(house: House) -> None:
    for code in ("", "x" * 10_000, "Ж\x00"):
        with pytest.raises(NotFound):
            invitations.accept(house.context, house.cause(), token=code, password=PASSWORD)
