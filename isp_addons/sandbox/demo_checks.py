"""What must be true when the month is over, each as one check on what was found. Nothing here asks anybody anything."""

from decimal import Decimal

from isp_addons.sandbox.demo_findings import Check, Evidence, named
from isp_addons.sandbox.demo_vendor_checks import (
    eset_has_what_is_wanted,
    nobody_but_a_person_said_so,
    ordered_once,
    tasks_answered,
)
from isp_addons.sandbox.demo_witness import ABSENT, BLOCKED, DELETED, OPEN


def all_checks(evidence: Evidence) -> list[Check]:
    """Every check, in the order in which they are shown."""
    return [
        nothing_deleted(evidence),
        suspended_is_blocked(evidence),
        active_is_open(evidence),
        nobody_negative(evidence),
        no_call_doubled(evidence),
        no_call_for_nothing(evidence),
        forecast_is_right(evidence),
        nothing_lost(evidence),
        eset_has_what_is_wanted(evidence),
        ordered_once(evidence),
        tasks_answered(evidence),
        nobody_but_a_person_said_so(evidence),
        no_drift(evidence),
    ]


def nothing_deleted(evidence: Evidence) -> Check:
    """Every station that was ever ordered is still there, and nobody asked to delete one."""
    gone = [each for each in sorted(evidence.ordered) if each not in evidence.stations or _meaning(evidence, each) is DELETED]
    asked = evidence.calls.get("stations/delete", 0)
    text = (
        f"Suspending deleted nothing: all {len(evidence.ordered):,} stations that were ordered exist, {asked} calls to delete."
    )
    return Check(not gone and not asked, text + named("Missing", gone))


def suspended_is_blocked(evidence: Evidence) -> Check:
    """What is wanted suspended is blocked at AV-Desk, or was never ordered there."""
    wanted = evidence.wanted("suspended", vendor="avdesk")
    there = [key for key in wanted if key in evidence.ordered]
    wrong = [key for key in wanted if _meaning(evidence, key) not in (BLOCKED, ABSENT)]
    wrong += [key for key in there if _meaning(evidence, key) == ABSENT]
    never = len(wanted) - len(there)
    text = f"Of {len(wanted):,} suspended licences {len(there):,} are blocked at AV-Desk, {never:,} were never ordered."
    return Check(bool(there) and not wrong, text + named("Not blocked", wrong))


def active_is_open(evidence: Evidence) -> Check:
    """What is wanted active is open at AV-Desk."""
    wanted = evidence.wanted("active", vendor="avdesk")
    wrong = [key for key in wanted if _meaning(evidence, key) != OPEN]
    text = f"All {len(wanted):,} active licences are open at AV-Desk."
    return Check(bool(wanted) and not wrong, text + named("Not open", wrong))


def nobody_negative(evidence: Evidence) -> Check:
    """No add-on led an account below its limit; who is there now was led there by UTM5's own charges."""
    wrong = [
        str(account)
        for account, left in sorted(evidence.left.items())
        if account not in evidence.unlimited and left < Decimal("-0.005")
    ]
    limited = [left for account, left in evidence.left.items() if account not in evidence.unlimited]
    later = len(evidence.below & evidence.left.keys())
    text = (
        f"Nobody is negative because of an add-on: {len(evidence.left):,} accounts were charged for one, and the poorest had "
        f"{_amount(min(limited, default=Decimal(0)))} left. Of {len(evidence.below):,} accounts below their limit "
        f"{len(evidence.below) - later:,} were charged for none, {later} fell later, by what UTM5 itself took since."
    )
    return Check(bool(limited) and not wrong, text + named("Negative", wrong))


def no_call_doubled(evidence: Evidence) -> Check:
    """Each call that changed a station changed it, and nobody else did."""
    doubled = [station for each in evidence.passes for station in each.doubled]
    secret = [station for each in evidence.passes for station in each.secret]
    changes = sum(sum(each.became.values()) for each in evidence.passes)
    lost = sum(each.lost for each in evidence.passes)
    text = f"No call was doubled: {changes:,} changes at AV-Desk, each by one call; {lost} answers were lost on the way."
    return Check(bool(changes) and not doubled and not secret, text + named("Doubled", doubled) + named("Unasked", secret))


def no_call_for_nothing(evidence: Evidence) -> Check:
    """Blocked and freed again before the vendor heard of it."""
    stations, calls = evidence.changed_their_minds
    text = f"Blocked and freed before the vendor heard of it: {calls} calls about {stations} stations."
    return Check(bool(stations) and not calls, text)


def forecast_is_right(evidence: Evidence) -> Check:
    """The dry run said of each account what the expected answer says."""
    forecast = evidence.forecast
    text = f"The forecast equals the expected answer for {forecast.compared - len(forecast.different):,} accounts."
    return Check(bool(forecast.compared) and not forecast.different, text + named("Different", forecast.different))


def nothing_lost(evidence: Evidence) -> Check:
    """Every event that a hook script stored was handled, and none waits."""
    text = (
        f"Nothing is lost: {evidence.hooks_fired:,} hook scripts stored an event, {evidence.events_handled:,} were handled, "
        f"{evidence.spooled} wait in the spool."
    )
    return Check(evidence.hooks_fired == evidence.events_handled > 0 and not evidence.spooled, text)


def no_drift(evidence: Evidence) -> Check:
    """The vendors' own lists differ from ours in nothing, and no call was given up."""
    drift = [f"{row['licence']} {row['kind']}" for row in evidence.drift]
    given_up = [str(row["licence"]) for row in evidence.given_up]
    text = (
        f"Reconciling finds {len(drift)} differences among {len(evidence.stations):,} stations and {len(evidence.eset):,} "
        f"licences of ESET; {len(given_up)} calls given up."
    )
    return Check(not drift and not given_up, text + named("Drift", drift) + named("Given up", given_up))


def _meaning(evidence: Evidence, key: str) -> str:
    station = evidence.stations.get(key)
    return ABSENT if station is None else station.meaning(evidence.at)


def _amount(money: Decimal) -> str:
    """A double that should be 0.00 may be a little less."""
    return f"{money.quantize(Decimal('0.01')) + 0:.2f}"
