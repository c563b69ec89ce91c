"""A customer's state follows from the facts, and what may be done with him from his state."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isp_addons.domain.customer import Action, Facts, Mode, State, actions_of, parse_email, require_action
from isp_addons.domain.problem import BadInput, Refused

EVERY = [
    Facts(mode=mode, locked=locked, registered=registered, subscribed=subscribed, marked=marked)
    for mode in Mode
    for locked, registered, subscribed, marked in itertools.product((False, True), repeat=4)
]


def facts(*, mode: Mode = Mode.MANAGED, locked: bool = False, registered: bool = True, subscribed: bool = True) -> Facts:
    return Facts(mode=mode, locked=locked, registered=registered, subscribed=subscribed)


@pytest.mark.parametrize(
    ("locked", "registered", "subscribed", "state"),
    [
        (True, False, True, State.LOCKED),
        (True, True, False, State.LOCKED),
        (False, False, True, State.INVITED),
        (False, True, True, State.ACTIVE),
        (False, True, False, State.INACTIVE),
    ],
)
def test_the_first_fact_that_holds_is_the_state(locked: bool, registered: bool, subscribed: bool, state: State) -> None:
    assert facts(locked=locked, registered=registered, subscribed=subscribed).state is state


@pytest.mark.parametrize("case", EVERY)
@pytest.mark.parametrize("action", Action)
def test_an_action_is_refused_exactly_when_it_is_not_offered(case: Facts, action: Action) -> None:
    if action in actions_of(case):
        require_action(case, action)
    else:
        with pytest.raises(Refused):
            require_action(case, action)


@pytest.mark.parametrize("case", EVERY)
def test_lock_and_unlock_are_never_offered_together(case: Facts) -> None:
    assert {Action.LOCK, Action.UNLOCK} - set(actions_of(case)), "both"


def test_who_is_marked_for_deletion_can_only_be_looked_at() -> None:
    marked = [case for case in EVERY if case.marked]

    assert {actions_of(case) for case in marked} == {(Action.DETAILS,)}


@pytest.mark.parametrize(
    ("case", "action", "code"),
    [
        (facts(mode=Mode.MANAGED), Action.CONVERT, "irreversible"),
        (facts(registered=True), Action.RESEND, "already_registered"),
        (facts(mode=Mode.SELF_SERVICE), Action.ADDRESS, "self_service"),
        (facts(mode=Mode.SELF_SERVICE), Action.PROJECT_KEY, "self_service"),
        (facts(registered=False), Action.MAIN_USER, "action_not_allowed"),
    ],
)
def test_the_code_says_why(case: Facts, action: Action, code: str) -> None:
    with pytest.raises(Refused) as refused:
        require_action(case, action)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Anna.Baker+isp@Example.NET", "anna.baker+isp@example.net"),
        ("a@b-c.de", "a@b-c.de"),
        ("o'neil@example.museum", "o'neil@example.museum"),
        (f"{'a' * 64}@example.net", f"{'a' * 64}@example.net"),
    ],
)
def test_an_address_is_read_in_small_letters(text: str, read: str) -> None:
    assert parse_email(text) == read


@pytest.mark.parametrize(
    "text",
    [
        *("", "anna", "@example.net", "anna@", "anna@localhost", "anna@example.n", "an na@example.net", "anna@exam ple.net"),
        *(".anna@example.net", "anna.@example.net", "an..na@example.net", "anna@-example.net", "anna@example..net"),
        *("anna@example.net\n", "anna@example.net\nBcc: x@example.net", "Anna <anna@example.net>", "a@b@example.net"),
        *(
            f"{'a' * 65}@example.net",
            f"a@{'b' * 60}.{'c' * 63}.{'d' * 63}.{'e' * 63}.net",
            "аnna@example.net",
            "anna@exämple.net",
        ),
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_email(text)

    assert refused.value.code == "bad_email"


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="ab.@-_\n\t <>,;:é", max_size=30))
def test_whatever_is_taken_is_one_line_with_one_at_sign(text: str) -> None:
    try:
        read = parse_email(text)
    except BadInput:
        return
    assert read.isprintable()
    assert read.count("@") == 1
    assert not set(read) & set(" <>,;:")
