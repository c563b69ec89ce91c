"""What an account will be asked for, and what it has to pay with, rule by rule."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integration.utm5.rows import DAY, END, START, Utm5
from isp_addons.billing.utm5.tables import Generation
from isp_addons.domain.problem import ConfigProblem

HALF = datetime.fromtimestamp((START + END) // 2, UTC)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def test_a_service_charged_at_the_start_is_due_in_full(utm5: Utm5) -> None:
    utm5.account()
    utm5.link(utm5.service(450, method=1), discounted_in_curr_period=450)
    assert utm5.one().dues == 45000


@pytest.mark.parametrize(
    ("charged", "repaid", "due"), [(0, 0, 15000), (40, 0, 11000), (40, 15.5, 12550), (150, 0, 0), (200, 10, 0)]
)
def test_a_service_charged_at_the_end_is_due_without_what_was_taken(
    utm5: Utm5, charged: float, repaid: float, due: int
) -> None:
    utm5.account()
    utm5.link(utm5.service(150, method=2), discounted_in_curr_period=charged, repaid_in_curr_period=repaid)
    assert utm5.one().dues == due


@pytest.mark.parametrize(
    ("now", "due"),
    [(START, 9000), (START - DAY, 9000), ((START + END) // 2, 4500), (END - 1, 1), (END, 0), (END + 5 * DAY, 0)],
)
def test_a_service_charged_in_a_flow_is_due_for_the_rest_of_the_period(utm5: Utm5, now: int, due: int) -> None:
    utm5.account()
    utm5.link(utm5.service(90, method=3))
    assert utm5.one(at=_moment(now)).dues == due


def test_taxes_come_on_top_of_each_line_and_each_line_is_rounded_up_once(utm5: Utm5) -> None:
    utm5.account(vat_rate=0.2, sale_tax_rate=0.05)
    utm5.link(utm5.service(0.01))  # 0.0126 is 0.02
    utm5.link(utm5.service(0.01))  # and again: 0.04, not 0.03
    utm5.link(utm5.service(100))  # 126.00, not a unit more
    assert utm5.one().dues == 2 + 2 + 12600


@pytest.mark.parametrize(
    "values",
    [
        {"link_gone": True},
        {"is_deleted": 1},
        {"need_del": 1},
        {"start_date": END + 1},
        {"expire_date": END},
        {"expire_date": START + DAY},
    ],
    ids=str,
)
def test_a_link_that_does_not_outlive_the_period_costs_nothing(utm5: Utm5, values: dict[str, Any]) -> None:
    utm5.account()
    utm5.link(utm5.service(450), **values)
    assert utm5.one().dues == 0


def test_a_link_from_the_last_moment_of_the_period_counts(utm5: Utm5) -> None:
    utm5.account()
    utm5.link(utm5.service(450), start_date=END, expire_date=END + 1)
    assert utm5.one().dues == 45000


def test_a_deleted_service_costs_nothing(utm5: Utm5) -> None:
    utm5.account()
    utm5.link(utm5.service(450, gone=True))
    utm5.link(utm5.service(450, cost_gone=True))
    assert utm5.one().dues == 0


def test_the_factor_of_a_link_multiplies_its_cost_where_the_schema_has_one(utm5: Utm5) -> None:
    new = utm5.generation is Generation.NEW
    utm5.account()
    factor: dict[str, Any] = {"cost_coef": 2.5} if new else {}
    utm5.link(utm5.service(99.9), **factor)
    assert utm5.one().dues == (24975 if new else 9990)


def test_the_next_tariff_replaces_the_default_services_of_the_present_one(utm5: Utm5) -> None:
    utm5.account(vat_rate=0.2)
    present, optional, alone = utm5.service(450, default=True), utm5.service(199), utm5.service(90, default=True)
    coming = [
        utm5.service(650, default=True, kind=3),
        utm5.service(120, default=True),
        utm5.service(77),  # not a default
        utm5.service(1000, default=True, kind=1),  # charged a single time
        utm5.service(1000, default=True, gone=True),
        utm5.service(1000, default=True, cost_gone=True),
    ]
    home_50, home_100 = utm5.tariff("Home 50", present, optional), utm5.tariff("Home 100", *coming)
    utm5.add("tariffs_services_link", tariff_id=home_100, service_id=utm5.service(1000, default=True), is_deleted=1)
    link = utm5.on_tariff(home_50, then=home_100)
    utm5.link(present, tariff_link=link)
    utm5.link(optional, tariff_link=link)
    utm5.link(alone)
    funds = utm5.one()
    assert funds.dues == 78000 + 14400 + 23880 + 10800  # 650 and 120 come, 199 and 90 stay; 20 % on each
    assert funds.tariff == "Home 50"


def test_a_service_that_is_listed_twice_in_the_next_tariff_is_due_once(utm5: Utm5) -> None:
    utm5.account()
    service = utm5.service(650, default=True)
    utm5.on_tariff(utm5.tariff("A"), then=utm5.tariff("B", service, service))
    assert utm5.one().dues == 65000


@pytest.mark.parametrize("then", [None, 0], ids=["the same tariff next", "no next tariff"])
def test_without_a_change_of_tariff_its_services_stay(utm5: Utm5, then: int | None) -> None:
    utm5.account()
    service = utm5.service(450, default=True)
    link = utm5.on_tariff(utm5.tariff("A", service), then=then)
    utm5.link(service, tariff_link=link)
    assert utm5.one().dues == 45000


def test_a_deleted_tariff_link_changes_nothing(utm5: Utm5) -> None:
    utm5.account()
    service = utm5.service(450, default=True)
    link = utm5.on_tariff(utm5.tariff("A", service), then=utm5.tariff("B"), is_deleted=1)
    utm5.link(service, tariff_link=link)
    funds = utm5.one()
    assert funds.dues == 45000
    assert funds.tariff is None


def test_what_expires_before_the_period_ends_cannot_pay_for_the_next(utm5: Utm5) -> None:
    utm5.account(balance=100.55, credit=300)
    utm5.add("credits", account_id=1, value=200, expire_date=END - 1)
    utm5.add("credits", account_id=1, value=1000, expire_date=END)
    utm5.add("credits", account_id=1, value=1000, expire_date=END - 1, is_passed=1)
    utm5.add("credits", account_id=2, value=1000, expire_date=END - 1)
    utm5.add("payments_timed", account_id=1, payment_value=50.05, expire_date=START)
    utm5.add("payments_timed", account_id=1, payment_value=1000, expire_date=END + DAY)
    utm5.add("payments_timed", account_id=1, payment_value=1000, expire_date=START, is_passed=1)
    funds = utm5.one()
    assert funds.balance == 10055
    assert funds.available == 10055 + 30000 - 20000 - 5005


@pytest.mark.parametrize(
    ("balance", "minor"),
    [
        (449.999, 44999),
        (-0.001, -1),
        (-10.5, -1050),
        (449.99999999999994, 45000),
        (0.1 + 0.2, 30),
        (-450.00000000000006, -45000),
    ],
)
def test_a_begun_minor_unit_is_left_out_and_the_dust_of_doubles_is_none(utm5: Utm5, balance: float, minor: int) -> None:
    utm5.account(balance=balance)
    funds = utm5.one()
    assert (funds.balance, funds.available) == (minor, minor)


def test_a_link_in_an_expired_period_belongs_to_its_current_instance(utm5: Utm5) -> None:
    utm5.period(11, START - 31 * DAY, START, static=1, expired=True)
    utm5.period(13, END, END + 31 * DAY, static=1, expired=True)
    utm5.period(92, START, END + DAY, static=9)
    utm5.account()
    utm5.link(utm5.service(90, method=3), discount_period_id=11)
    funds = utm5.one(at=HALF)
    assert (funds.period_start, funds.period_end, funds.dues) == (_moment(START), _moment(END), 4500)


def test_a_period_without_a_current_instance_is_taken_as_it_is(utm5: Utm5) -> None:
    utm5.period(31, START, START + 7 * DAY, static=3, expired=True)
    utm5.account()
    utm5.link(utm5.service(90), discount_period_id=31)
    assert utm5.one().period_end == _moment(START + 7 * DAY)


def test_the_period_of_the_account_is_that_of_the_live_link_that_ends_last(utm5: Utm5) -> None:
    utm5.period(22, END - 14 * DAY, END - 7 * DAY, static=2)
    utm5.period(42, START, END + 31 * DAY, static=4)
    utm5.account(balance=100)
    utm5.add("credits", account_id=1, value=10, expire_date=END - 3 * DAY)  # stands at the week's end, not at the month's
    utm5.link(utm5.service(70), discount_period_id=22)
    utm5.link(utm5.service(90))
    utm5.link(utm5.service(90), discount_period_id=42, need_del=1)
    funds = utm5.one()
    assert (funds.period_start, funds.period_end) == (_moment(START), _moment(END))
    assert funds.dues == 16000
    assert funds.available == 9000


def test_each_link_is_judged_at_the_end_of_its_own_period(utm5: Utm5) -> None:
    utm5.period(22, END - 14 * DAY, END - 7 * DAY, static=2)
    utm5.account()
    utm5.link(utm5.service(70), discount_period_id=22, expire_date=END - DAY)
    utm5.link(utm5.service(90), expire_date=END - DAY)
    funds = utm5.one()
    assert (funds.dues, funds.period_end) == (7000, _moment(END - 7 * DAY))


def test_without_live_links_the_period_is_that_of_the_tariff(utm5: Utm5) -> None:
    utm5.period(22, END - 7 * DAY, END - DAY, static=2)
    utm5.account()
    utm5.on_tariff(utm5.tariff("A"), discount_period_id=22)
    assert utm5.one().period_end == _moment(END - DAY)


def test_without_links_and_tariff_it_is_the_latest_current_period(utm5: Utm5) -> None:
    utm5.period(22, END - 7 * DAY, END - DAY, static=2)
    utm5.period(42, END, END + DAY, static=4, expired=True)
    utm5.account()
    funds = utm5.one()
    assert (funds.period_start, funds.period_end, funds.dues, funds.tariff) == (_moment(START), _moment(END), 0, None)


def test_a_link_whose_period_has_no_row_counts_in_that_of_the_tariff_or_the_latest(utm5: Utm5) -> None:
    utm5.period(22, END - 7 * DAY, END - DAY, static=2)
    for number in (1, 2):
        utm5.account(number)
        utm5.link(utm5.service(90), account=number, discount_period_id=777)
    utm5.on_tariff(utm5.tariff("A"), discount_period_id=22)
    assert [(funds.dues, funds.period_end) for funds in utm5.all()] == [(9000, _moment(END - DAY)), (9000, _moment(END))]


def test_an_utm5_without_any_period_is_told_what_to_do(utm5: Utm5) -> None:
    with utm5.engine.begin() as connection:
        connection.execute(utm5.metadata.tables["discount_periods"].delete())
    utm5.account()
    with pytest.raises(ConfigProblem, match="create an accounting period in UTM5"):
        utm5.one()


def test_blocked_and_unlimited_are_told(utm5: Utm5) -> None:
    utm5.account(1, blocked=True)
    utm5.account(2, unlimited=1)
    utm5.account(3, is_deleted=1)
    assert [(funds.ref, funds.blocked, funds.unlimited) for funds in utm5.all()] == [("1", True, False), ("2", False, True)]


def test_every_read_sees_one_moment_of_the_database(utm5: Utm5) -> None:
    accounts = utm5.metadata.tables["accounts"]
    with utm5.engine.begin() as connection:
        connection.execute(accounts.insert(), [{"id": number, "balance": 1} for number in range(1, 4501)])
    reading = utm5.reader.funds(None, at=HALF)
    first = next(reading)
    with utm5.engine.begin() as connection:
        connection.execute(accounts.update().values(balance=99))
        connection.execute(accounts.insert(), [{"id": 5000, "balance": 99}])
    rest = list(reading)
    assert (len(rest), {funds.balance for funds in [first, *rest]}) == (4499, {100})
    assert {funds.balance for funds in utm5.all()} == {9900}


def test_later_reads_see_what_changed(utm5: Utm5) -> None:
    utm5.account(balance=5)
    reader = utm5.reader
    [before] = reader.funds(["1"], at=HALF)
    with utm5.engine.begin() as connection:
        connection.execute(utm5.metadata.tables["accounts"].update().values(balance=6))
    [after] = reader.funds(["1"], at=HALF + timedelta(seconds=1))
    assert (before.balance, after.balance) == (500, 600)
