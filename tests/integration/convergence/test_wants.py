"""What is wanted reaches the vendor: each change once, the newest want at last, nothing that nobody wants any more."""

from datetime import timedelta
from itertools import product

from integration.convergence.conftest import MakeHouse
from integration.convergence.house import APRIL, NOW, House
from integration.convergence.tricks import answering, raising
from isp_addons.convergence.plan import plan
from isp_addons.domain.hold import HoldOwner
from isp_addons.store.leases import seconds
from isp_addons.vendor_api import Done, LicenceView, OutcomeUnknown, Rejected, SeenLicence, SeenState, Unavailable

MAY = APRIL + timedelta(days=30)


def test_a_licence_that_is_wanted_and_absent_is_ordered_with_our_key(house: House) -> None:
    key = house.licence("42", wanted="active", seen="absent", wanted_quantity=3, wanted_end=seconds(APRIL))
    tally = house.converge()["fake"]
    assert house.fake.changes == [("on_order", key)]
    assert (tally.done, tally.failed, dict(tally.steps)) == (1, 0, {"on_order": 1})
    row = house.row(key)
    assert (row.seen_state, row.seen_quantity, row.seen_end, row.reference) == ("active", 3, seconds(APRIL), f"ref-{key}")


def test_each_difference_has_its_own_call_and_then_there_is_none(house: House) -> None:
    for name, was, wanted in (
        ("block", {"seen": "active", "wanted": "suspended"}, "on_block"),
        ("unblock", {"seen": "suspended", "wanted": "active"}, "on_unblock"),
        ("cancel", {"seen": "suspended", "wanted": "ended"}, "on_cancel"),
        ("charge", {"seen": "active", "wanted": "active", "wanted_end": seconds(APRIL)}, "on_charge"),
        ("read", {"seen": "unknown", "wanted": "suspended"}, "read_licence"),
        ("forecast", {"seen": "active", "wanted": "suspended", "for_forecast": True}, "before_period_end"),
        ("never", {"seen": "absent", "wanted": "suspended"}, None),
        ("over", {"seen": "absent", "wanted": "ended"}, None),
    ):
        key = house.licence(name, **was)
        house.converge()
        assert house.fake.hooks(key) == ([wanted] if wanted else []), name
    assert house.converge() == {}


def test_the_plan_names_the_calls_that_are_made_then(make_house: MakeHouse) -> None:
    house = make_house(vendors={"fake": {}, "other": {}}, plugins={"other": "fake"})
    for number, (wanted, seen) in enumerate(product(("active", "suspended", "ended"), ("absent", "active", "suspended"))):
        house.licence(str(number), wanted=wanted, seen=seen)
    house.licence("elsewhere", vendor="other", seen="absent")
    everywhere = list(plan(house.store, now=house.clock.now()))
    planned = list(plan(house.store, now=house.clock.now(), vendors=["fake"]))
    assert len(everywhere) == len(planned) + 1
    assert house.fake.calls == [], "planning calls nobody"
    house.converge()
    assert sorted(house.fake.calls) == sorted((call.step, call.licence) for call in planned)
    assert list(plan(house.store, now=house.clock.now())) == []


def test_blocked_and_paid_before_the_call_means_no_call(house: House) -> None:
    key = house.licence("42")
    house.block(key)
    assert house.row(key).wanted_state == "suspended"
    house.free(key)
    assert house.converge() == {}
    assert house.fake.calls == []


def test_what_two_people_want_is_called_once(house: House) -> None:
    key = house.licence("42")
    house.block(key, owner=HoldOwner.BILLING)
    house.block(key, owner=HoldOwner.ABUSE)
    house.block(key, owner=HoldOwner.BILLING)
    house.converge()
    house.free(key, owner=HoldOwner.ABUSE)
    house.converge()
    assert house.fake.calls == [("on_block", key)]


def test_who_pays_while_his_suspension_is_under_way_is_resumed_right_after(house: House) -> None:
    key = house.licence("42")
    house.block(key)
    house.fake.bend("on_block", lambda _licence: house.free(key))
    house.converge()
    assert house.fake.changes == [("on_block", key), ("on_unblock", key)]
    assert house.states(key) == [("active", "active")]


def test_the_answer_to_an_older_want_does_not_overwrite_the_newer_one(house: House) -> None:
    key = house.licence("42", seen="absent", wanted_quantity=2)
    house.fake.bend("on_order", lambda _licence: house.want(key, wanted_quantity=5, end=APRIL))
    house.converge()
    assert house.fake.changes == [("on_order", key), ("on_change", key), ("on_charge", key)]
    row = house.row(key)
    assert (row.wanted_quantity, row.seen_quantity, row.wanted_end, row.seen_end) == (5, 5, seconds(APRIL), seconds(APRIL))


def test_a_refusal_of_what_is_not_wanted_any_more_gives_nothing_up(house: House) -> None:
    key = house.licence("42", wanted_quantity=500)

    def refuses(_licence: LicenceView) -> None:
        house.want(key, wanted_quantity=3)
        raise Rejected("at most 100 seats are sold")

    house.fake.bend("on_change", refuses)
    house.converge()
    assert house.given_up() == []
    assert house.fake.hooks(key) == ["on_change", "on_change"]
    assert house.row(key).seen_quantity == 3


def test_a_paid_period_gives_what_was_given_up_a_fresh_chance(house: House) -> None:
    key = house.licence("42", wanted_end=seconds(APRIL))
    house.fake.bend("on_charge", raising(Rejected("not this month")))
    house.converge()
    assert [each.licence for each in house.given_up()] == [key]
    house.renew(key, APRIL)
    assert [each.licence for each in house.given_up()] == [key], "nothing new is wanted"
    house.renew(key, MAY)
    house.converge()
    assert house.given_up() == []
    assert house.row(key).seen_end == seconds(MAY)


def test_a_block_at_once_while_a_later_suspension_is_under_way_is_asked_for(house: House) -> None:
    """The vendor confirms a suspension from the next period on; meanwhile the billing has blocked the account now."""
    key = house.licence("42")
    house.block(key, owner=HoldOwner.FORECAST, since=APRIL)
    asked: list[object] = []

    def is_blocked_meanwhile(licence: LicenceView) -> None:
        asked.append(licence.suspend_from)
        house.block(key)

    house.fake.bend("before_period_end", is_blocked_meanwhile)
    house.converge()
    assert asked == [APRIL]
    assert house.fake.hooks(key) == ["before_period_end", "on_block"]
    assert house.states(key) == [("suspended", "suspended")]


def test_a_block_at_once_after_a_later_suspension_is_asked_for(house: House) -> None:
    key = house.licence("42")
    house.block(key, owner=HoldOwner.FORECAST, since=APRIL)
    house.converge()
    house.block(key)
    house.converge()
    house.free(key)
    house.converge()
    assert house.fake.hooks(key) == ["before_period_end", "on_block", "before_period_end"]
    assert house.row(key).suspend_from == APRIL


def test_who_paid_is_served_before_who_is_to_be_suspended(house: House) -> None:
    blocked = house.licences([f"b{number}" for number in range(40)], wanted="suspended")
    paid = house.licence("paid", wanted="active", seen="suspended")
    house.converge()
    assert house.fake.hooks().index("on_unblock") < 8  # the width of the vendor: it was among the first handed out
    assert sorted(house.fake.changes) == sorted([("on_block", key) for key in blocked] + [("on_unblock", paid)])


def test_what_the_subscriber_may_see_is_kept(house: House) -> None:
    key = house.licence("42", seen="absent")
    house.fake.bend("on_order", lambda _licence: Done(show={"code": "AAAA-BBBB"}), after=True)
    house.converge()
    assert house.row(key).show == {"code": "AAAA-BBBB"}
    house.block(key)
    house.converge()
    assert house.row(key).show == {"code": "AAAA-BBBB"}, "an answer without anything to show takes nothing away"


def test_what_the_subscriber_may_see_is_read_again_where_the_answer_was_lost(house: House) -> None:
    key = house.licence("42", seen="absent")
    house.fake.bend("on_order", raising(OutcomeUnknown("lost")), after=True)
    house.fake.bend(
        "read_licence", answering(SeenLicence(key=key, state=SeenState.ACTIVE, show={"code": "AAAA-BBBB"})), times=None
    )
    house.converge()
    house.later(minutes=1)
    house.converge()
    assert house.states(key) == [("active", "active")]
    assert house.row(key).show == {"code": "AAAA-BBBB"}


def test_every_change_at_the_vendor_has_its_audit_row(house: House) -> None:
    key = house.licence("42", seen="absent", wanted_quantity=2)
    house.converge()
    house.want(key, wanted_quantity=3)
    house.converge()
    house.want(key, end=APRIL)
    house.converge()
    house.block(key)
    house.converge()
    house.free(key)
    house.fake.bend("on_unblock", raising(Unavailable("the vendor is down")))
    house.converge()
    house.later(minutes=1)
    house.converge()
    assert house.audit(key) == [
        ("seen_state", "absent", "active"),
        ("seen_quantity", "2", "3"),
        ("seen_end", None, str(seconds(APRIL))),
        ("wanted_state", "active", "suspended"),
        ("seen_state", "active", "suspended"),
        ("wanted_state", "suspended", "active"),
        ("seen_state", "suspended", "active"),
    ]


def test_a_suspension_that_the_vendor_ends_by_itself_is_renewed_before_it_does_for_years(make_house: MakeHouse) -> None:
    house = make_house(vendors={"fake": {"suspend_days": 365}})
    key = house.licence("42", wanted="suspended")
    covered_until = NOW
    for week in range(4 * 52):
        house.clock.moment = NOW + timedelta(weeks=week)
        assert covered_until >= house.clock.moment, f"the subscriber was free in week {week}"
        house.converge()
        covered_until = house.fake.has[key].suspended_until
    assert house.fake.hooks(key) == ["on_block"] * 5, "once, and then every 335 days or so"
