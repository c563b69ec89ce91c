"""The arithmetic of dues and funds, with visible sums and against exact fractions."""

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.billing.utm5.dues import (
    Link,
    Method,
    Period,
    Taxes,
    available,
    decimal,
    latest,
    round_down,
    round_up,
    total_due,
)

MONTH = Period(1793480400, 1796072400)  # 30 days
NEVER = 2_000_000_000
UNTAXED = Taxes()
MONEY = st.decimals(min_value=0, max_value=100_000, places=2)
RATES = st.decimals(min_value=0, max_value=1, places=3)
NOT_FLOW = st.sampled_from([Method.AT_START, Method.AT_END])
TIMES = st.integers(min_value=MONTH.start - 10**6, max_value=MONTH.end + 10**6)
LINKS = st.builds(
    Link,
    cost=MONEY,
    method=st.sampled_from(Method),
    period=st.just(MONTH),
    starts=TIMES,
    expires=TIMES,
    charged=MONEY,
    repaid=MONEY,
    replaced=st.booleans(),
)


def _link(cost: str, method: int = Method.AT_START, *, charged: str = "0", repaid: str = "0", period: Period = MONTH) -> Link:
    return Link(
        cost=Decimal(cost),
        method=method,
        period=period,
        starts=0,
        expires=NEVER,
        charged=Decimal(charged),
        repaid=Decimal(repaid),
    )


def _due(*links: Link, added: tuple[str, ...] = (), taxes: Taxes = UNTAXED, now: int = MONTH.start, places: int = 2) -> int:
    return total_due(links, added=[Decimal(cost) for cost in added], taxes=taxes, now=now, places=places)


@pytest.mark.parametrize(
    ("link", "due"),
    [
        (_link("450", Method.AT_START), 45000),
        (_link("450", Method.AT_START, charged="450"), 45000),
        (_link("150", Method.AT_END), 15000),
        (_link("150", Method.AT_END, charged="40", repaid="15.50"), 12550),
        (_link("150", Method.AT_END, charged="200"), 0),
        (_link("90", Method.FLOW), 9000),
        (_link("90", Method.FLOW, charged="45"), 9000),
        (_link("77", 0), 7700),
        (_link("77", 9), 7700),
        (_link("-20", Method.AT_START), -2000),
    ],
)
def test_each_charge_method_has_its_own_due(link: Link, due: int) -> None:
    assert _due(link) == due


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (MONTH.start - 1, 9000),
        (MONTH.start + 864000, 6000),
        (MONTH.start + 864001, 6000),
        (MONTH.end - 2592, 9),
        (MONTH.end - 1, 1),
        (MONTH.end, 0),
        (MONTH.end + 1, 0),
    ],
)
def test_a_flow_is_due_by_the_second_until_the_period_ends(now: int, due: int) -> None:
    assert _due(_link("90", Method.FLOW), now=now) == due


def test_a_flow_in_a_period_without_length_is_due_in_full() -> None:
    assert _due(_link("90", Method.FLOW, period=Period(MONTH.end, MONTH.end)), now=MONTH.end) == 9000


def test_taxes_are_added_one_upon_the_other_and_each_line_rounds_up_once() -> None:
    taxes = Taxes(Decimal("0.2"), Decimal("0.05"))
    assert _due(_link("100"), taxes=taxes) == 12600
    assert _due(_link("0.01"), _link("0.01"), added=("0.01",), taxes=taxes) == 6  # three times 0.0126, not 0.0378
    assert _due(_link("990.50"), taxes=Taxes(Decimal("0.18"))) == 116879


@pytest.mark.parametrize(("currency_places", "due"), [(0, 451), (2, 45012), (3, 450115)])
def test_sums_are_in_the_minor_units_of_the_currency(currency_places: int, due: int) -> None:
    assert _due(_link("450.115"), places=currency_places) == due


def test_replaced_links_cost_nothing_and_what_replaces_them_costs_all() -> None:
    old = Link(cost=Decimal(450), method=1, period=MONTH, starts=0, expires=NEVER, replaced=True)
    assert _due(old, added=("650", "120")) == 77000


@pytest.mark.parametrize(
    ("starts", "expires", "live"),
    [
        (MONTH.end, NEVER, True),
        (MONTH.end + 1, NEVER, False),
        (0, MONTH.end + 1, True),
        (0, MONTH.end, False),
    ],
)
def test_a_live_link_has_started_by_the_horizon_and_goes_on_after_it(starts: int, expires: int, live: bool) -> None:
    link = Link(cost=Decimal(1), method=1, period=MONTH, starts=starts, expires=expires)
    assert link.live is live
    assert _due(link) == (100 if live else 0)


def test_what_expires_before_the_horizon_is_not_available() -> None:
    expiring = [(Decimal("200"), 99), (Decimal("50.05"), 0), (Decimal("1000"), 100), (Decimal("1000"), 101)]
    assert available(Decimal("100.55"), Decimal("300"), expiring=expiring, horizon=100, places=2) == 15050


@pytest.mark.parametrize(
    ("stored", "down", "up"),
    [
        (449.99999999999994, 45000, 45000),
        (450.00000000000006, 45000, 45000),
        (0.1 + 0.2, 30, 30),
        (449.994, 44999, 45000),
        (449.9999, 44999, 45000),
        (449.990001, 44999, 45000),
        (-0.001, -1, 0),
        (-450.00000000000006, -45000, -45000),
        (None, 0, 0),
        (0, 0, 0),
        (1e-17, 0, 0),
    ],
)
def test_rounding_goes_its_way_but_not_for_the_dust_of_doubles(stored: float | None, down: int, up: int) -> None:
    assert (round_down(decimal(stored), places=2), round_up(decimal(stored), places=2)) == (down, up)


def test_a_number_is_read_as_it_is_written() -> None:
    assert decimal(0.1) == Decimal("0.1")
    assert decimal("990.50") == Decimal("990.5")
    assert decimal(Decimal("1.005")) == Decimal("1.005")


def test_the_period_of_an_account_is_that_of_the_live_link_that_ends_last() -> None:
    week, year = Period(MONTH.end - 10**6, MONTH.end - 5), Period(MONTH.start - 10**7, MONTH.end)
    over = Link(cost=Decimal(1), method=1, period=Period(MONTH.start, NEVER), starts=0, expires=0)
    links = [_link("1", period=week), _link("1", period=year), _link("1", period=MONTH), over]
    assert latest(links, otherwise=week) == MONTH
    assert latest([over], otherwise=week) == week
    assert latest([], otherwise=week) == week


@given(amount=st.decimals(min_value=-(10**9), max_value=10**9, places=4), places=st.integers(min_value=0, max_value=3))
def test_rounding_equals_that_of_exact_fractions(amount: Decimal, places: int) -> None:
    exact = Fraction(amount) * 10**places
    assert (round_down(amount, places=places), round_up(amount, places=places)) == (math.floor(exact), math.ceil(exact))


@given(
    cost=MONEY, charged=MONEY, repaid=MONEY, vat=RATES, sales=RATES, method=st.sampled_from([Method.AT_START, Method.AT_END])
)
def test_a_due_equals_that_of_exact_fractions(
    cost: Decimal, charged: Decimal, repaid: Decimal, vat: Decimal, sales: Decimal, method: Method
) -> None:
    net = (
        Fraction(cost) if method is Method.AT_START else max(Fraction(cost) - Fraction(charged) + Fraction(repaid), Fraction(0))
    )
    exact = math.ceil(net * (1 + Fraction(vat)) * (1 + Fraction(sales)) * 100 - Fraction(1, 100_000))
    assert _due(_link(str(cost), method, charged=str(charged), repaid=str(repaid)), taxes=Taxes(vat, sales)) == exact


@given(cost=MONEY, now=TIMES, later=st.integers(min_value=0, max_value=10**6))
def test_a_flow_owes_its_share_and_never_more_as_time_goes_on(cost: Decimal, now: int, later: int) -> None:
    link = _link(str(cost), Method.FLOW)
    left = min(max(Fraction(MONTH.end - now, MONTH.end - MONTH.start), Fraction(0)), Fraction(1))
    due = _due(link, now=now)
    assert -Fraction(1, 100_000) <= due - Fraction(cost) * left * 100 < 1
    assert _due(link, now=now + later) <= due


@given(links=st.lists(LINKS, max_size=6), added=st.lists(MONEY, max_size=3), vat=RATES, now=TIMES)
def test_the_total_is_the_sum_of_its_lines_and_never_negative(
    links: list[Link], added: list[Decimal], vat: Decimal, now: int
) -> None:
    taxes = Taxes(vat)
    texts = [str(cost) for cost in added]
    lines = [_due(link, taxes=taxes, now=now) for link in links] + [_due(added=(text,), taxes=taxes) for text in texts]
    assert _due(*links, added=tuple(texts), taxes=taxes, now=now) == sum(lines) >= 0


@given(
    balance=st.decimals(min_value=-(10**6), max_value=10**6, places=3),
    credit=MONEY,
    expiring=st.lists(st.tuples(MONEY, st.integers(min_value=0, max_value=10))),
    horizon=st.integers(min_value=0, max_value=10),
)
def test_a_later_horizon_never_makes_more_available(
    balance: Decimal, credit: Decimal, expiring: list[tuple[Decimal, int]], horizon: int
) -> None:
    now, later = (available(balance, credit, expiring=expiring, horizon=at, places=2) for at in (horizon, horizon + 1))
    gone = sum((Fraction(value) for value, expires in expiring if expires < horizon), Fraction(0))
    assert now == math.floor((Fraction(balance) + Fraction(credit) - gone) * 100)
    assert later <= now
