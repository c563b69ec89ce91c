"""The demo's story: one month of a small ISP, from 2 November to 2 December 2026, on the product's clock.

Everything happens through the doors that an ISP uses: UTM5's tables, the hook scripts, the commands, HTTP to the vendors.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import create_engine

from isp_addons.billing.utm5.tables import Generation
from isp_addons.sandbox.demo_add_ons import AddOnCharges
from isp_addons.sandbox.demo_cast import Cast
from isp_addons.sandbox.demo_checks import all_checks
from isp_addons.sandbox.demo_eset import EsetWitness
from isp_addons.sandbox.demo_evidence import collect
from isp_addons.sandbox.demo_findings import Check, Forecast
from isp_addons.sandbox.demo_operator import Operator
from isp_addons.sandbox.demo_scene import Scene, expected_forecast
from isp_addons.sandbox.demo_screen import Screen, shown
from isp_addons.sandbox.demo_stage import Commands, Folder, HookScripts, hook_script
from isp_addons.sandbox.demo_witness import Witness
from isp_addons.sandbox.utm5_play import BlockedBy, Utm5Play
from isp_addons.sandbox.utm5_tables import SMALL, load_utm5

OPENING = datetime.fromisoformat("2026-11-02T09:00+03:00")
BLOCKS = datetime.fromisoformat("2026-11-05T09:00+03:00")
OUTAGE = datetime.fromisoformat("2026-11-10T09:00+03:00")
PAYDAY = datetime.fromisoformat("2026-11-20T10:00+03:00")
FORECAST = datetime.fromisoformat("2026-11-29T21:00+03:00")
WEEK_BEGINS = datetime.fromisoformat("2026-11-30T00:05+03:00")
MONTH_BEGINS = datetime.fromisoformat("2026-12-01T00:05+03:00")
LATE_PAYERS = datetime.fromisoformat("2026-12-01T10:00+03:00")
END = datetime.fromisoformat("2026-12-02T12:00+03:00")

_MONTHLY, _WEEKLY = 1, 2  # discount_periods.static_id of the small UTM5
_PRODUCTS = (
    ("avdesk-standard", "150.00", "1", "avdesk", "tariff=ebe76ffc-69e1-4757-b2b3-41506832bc9b"),
    ("avdesk-premium", "210.00", "1", "avdesk", "tariff=91644cc3-1dc1-42dc-a41e-5ea001f5538d"),
    ("eset-home", "119.90", "2", "eset", "product_code=101"),
    ("kaspersky-month", "99.00", "3", "", ""),
    ("ajax-cloud", "320.00", "4", "ajax", "service=cloud"),
)


def set_the_scene(folder: Folder, commands: Commands, screen: Screen, *, urls: Mapping[str, str]) -> Scene:
    """Load the small UTM5, and bring everything together that takes part; *urls*: of the stand-ins."""
    screen.title("One month of a small ISP: a billing, three vendors and isp-addons between them, all on this machine.")
    rows = load_utm5(SMALL, folder.utm5_url, generation=Generation.OLD)
    folder.write_config(urls)
    screen.say(f"The folder {folder.path} holds the configuration and two SQLite databases.")
    screen.say(f"The billing is a small UTM5: {rows['accounts']:,} accounts, {rows['service_links']:,} service links.")
    screen.say(f"Dr.Web AV-Desk is a stand-in, real HTTP at {urls['avdesk']}. ESET is one, too, at {urls['eset']}.")
    screen.say(
        "Ajax has no interface: what is to be done there is an operator task, and a person of the ISP says what was done."
    )
    utm5 = Utm5Play(create_engine(folder.utm5_url), flowed_until=FORECAST)  # up to then they are in the balances
    return Scene(
        folder=folder,
        commands=commands,
        screen=screen,
        utm5=utm5,
        charges=AddOnCharges(utm5),
        hooks=HookScripts(hook_script(), folder.spool),
        witness=Witness(urls["avdesk"], at=OPENING),
        eset=EsetWitness(urls["eset"], at=OPENING),
        operator=Operator(commands, screen),
    )


def play_month(scene: Scene) -> list[Check]:
    """Play the whole month; returns the checks at its end."""
    the_shop_opens(scene)
    cast = Cast(scene)
    a_day_of_blocks(scene, cast)
    the_vendor_fails(scene, cast)
    payday(scene, cast)
    the_forecast(scene)
    the_last_minute(scene)
    the_new_period(scene)
    late_payers(scene)
    the_last_day(scene)
    scene.screen.chapter(END, "What is true now, asked of the stand-ins and of the databases")
    checks = all_checks(collect(scene, END))
    for check in checks:
        scene.screen.check(check)
    return checks


def the_shop_opens(scene: Scene) -> None:
    """The database, the products, the orders that exist, and what each needs at its vendor."""
    scene.screen.chapter(OPENING, "The shop opens")
    scene.command("init", at=OPENING)
    for code, price, priority, vendor, option in _PRODUCTS:
        supply = ("--vendor", vendor, "--option", option) if vendor else ()
        scene.commands.say("products", "add", code, "--price", price, "--priority", priority, *supply, at=OPENING)
    scene.command("products", "list", at=OPENING)
    scene.screen.say("kaspersky-month has no vendor yet: it is forecast and held like the others, but nobody is called.")
    scene.command("orders", "import", str(SMALL / "orders.csv"), at=OPENING)
    scene.planned(OPENING)
    scene.converge(OPENING)
    noon = OPENING + timedelta(hours=3)
    scene.screen.say(f"{shown(noon)}: whoever has Ajax has it already; a person looks there and says so.")
    scene.operator.answers_all(noon)
    scene.table()


def a_day_of_blocks(scene: Scene, cast: Cast) -> None:
    """Some are blocked for money, some by themselves; twenty change their minds before the vendor hears of it."""
    scene.screen.chapter(BLOCKS, "A day of blocks")
    scene.utm5.use(cast.bills(), at=BLOCKS)
    scene.utm5.block([*cast.on_holiday, *cast.hasty], by=BlockedBy.SUBSCRIBER, at=BLOCKS)
    scene.screen.say(
        f"Telephone bills lead {len(cast.callers)} accounts below their limit and UTM5 blocks them; "
        f"{len(cast.on_holiday) + len(cast.hasty)} subscribers block themselves."
    )
    scene.events(BLOCKS)
    scene.planned(BLOCKS)
    later = BLOCKS + timedelta(minutes=20)
    scene.screen.say(f"{shown(later)}: {len(cast.hasty)} of them change their minds.")
    scene.utm5.unblock(cast.hasty, at=later)
    scene.events(later)
    scene.planned(later)
    found = scene.converge(later)
    theirs = [each.id for each in scene.witness.stations().values() if int(each.account) in cast.hasty]
    scene.changed_their_minds = (len(theirs), found.about(theirs))
    scene.operator.reads_one(later)
    scene.operator.answers_all(later)
    back = BLOCKS + timedelta(days=2)
    scene.screen.say(f"{shown(back)}: {len(cast.on_holiday)} are back from their holiday.")
    scene.utm5.unblock(cast.on_holiday, at=back)
    scene.events(back)
    scene.converge(back)
    scene.operator.answers_all(back)
    scene.table()


def the_vendor_fails(scene: Scene, cast: Cast) -> None:
    """AV-Desk's answers get lost, then it is down, and events keep coming. It recovers by itself; the others go on."""
    scene.screen.chapter(OUTAGE, "AV-Desk fails, and events keep coming; the other vendors go on")
    scene.screen.say("First AV-Desk does what it is told, but its answers get lost.")
    scene.witness.misbehave("timeout_after", script="stations/change", seconds=0.2)
    scene.utm5.block(cast.in_the_outage, by=BlockedBy.SUBSCRIBER, at=OUTAGE)
    scene.events(OUTAGE)
    scene.converge(OUTAGE)
    scene.screen.say("Ajax is not touched by it. One of its tasks is unclear to the person, who has it written anew.")
    scene.operator.answers_all_but_one(OUTAGE)
    down = OUTAGE + timedelta(minutes=10)
    scene.screen.say(f"{shown(down)}: now it is down. {len(cast.during_the_outage)} more are blocked, 10 are free again.")
    scene.witness.behave()
    scene.witness.misbehave("unavailable_503")
    scene.utm5.block(cast.during_the_outage, by=BlockedBy.SUBSCRIBER, at=down)
    scene.utm5.unblock(cast.in_the_outage[:10], at=down)
    scene.events(down)
    scene.converge(down)
    scene.operator.answers_all(down)
    up = OUTAGE + timedelta(hours=2)
    scene.screen.say(f"{shown(up)}: it is up again. What it did without an answer is read first, not repeated.")
    scene.witness.behave()
    scene.converge(up)
    back = OUTAGE + timedelta(days=2)
    scene.screen.say(f"{shown(back)}: all of them are free again.")
    scene.utm5.unblock([*cast.in_the_outage[10:], *cast.during_the_outage], at=back)
    scene.events(back)
    scene.converge(back)
    scene.operator.answers_all(back)
    scene.table()


def payday(scene: Scene, cast: Cast) -> None:
    """Who was blocked for money pays, and what was held comes back."""
    scene.screen.chapter(PAYDAY, "Payments")
    scene.utm5.pay(cast.bills(), at=PAYDAY)
    scene.screen.say(f"{len(cast.callers)} accounts pay their telephone bills; UTM5 frees them.")
    scene.events(PAYDAY)
    scene.converge(PAYDAY)
    scene.operator.answers_all(PAYDAY)
    scene.table()


def the_forecast(scene: Scene) -> None:
    """Who cannot pay for the next period: the dry run beside the expected answer, then for real."""
    scene.screen.chapter(FORECAST, "Before the period ends: who cannot pay for the next one?")
    rows = {row["account_id"]: row for row in scene.commands.rows("before-period-end", at=FORECAST)}
    expected = expected_forecast()
    different = tuple(str(each) for each in sorted(rows.keys() | expected.keys()) if rows.get(each) != expected.get(each))
    scene.forecast = Forecast(compared=len(rows.keys() | expected.keys()), different=different)
    losing = sum(1 for row in rows.values() if row["suspend"])
    answer = f"{len(rows):,} accounts, {losing:,} cannot pay for everything; {len(different)} differ from the expected answer."
    scene.screen.ran("before-period-end --json", answer)
    kept = Counter(code for row in rows.values() for code in row["keep"])
    held = Counter(code for row in rows.values() for code in row["suspend"])
    scene.screen.table(("product", "kept", "held"), [(code, kept[code], held[code]) for code, *_ in _PRODUCTS])
    scene.command("before-period-end", "--apply", at=FORECAST)
    scene.converge(FORECAST)
    scene.table()
    dates = ", ".join(f"{count} from {date}" for date, count in scene.dates(FORECAST))
    scene.screen.say(
        f"The running period is paid, so each block at AV-Desk begins when the account's own period ends: {dates}."
    )
    scene.screen.say("ESET takes no date and was told at once; nobody at the ISP has looked at the tasks for Ajax yet.")


def the_last_minute(scene: Scene) -> None:
    """Some pay after the forecast and before the period ends: their blocks are taken back before they began."""
    at = FORECAST + timedelta(hours=1)
    scene.screen.chapter(at, "The last minute")
    held = [row for row in scene.subscriptions(at, "--held-by", "forecast") if row["holds"] == "forecast"]
    payers = sorted({int(row["account"]) for row in held if row["product"].startswith("avdesk")})[:25]
    scene.screen.say(f"{len(payers)} accounts pay 3,000.00 each after all.")
    scene.utm5.pay(dict.fromkeys(payers, Decimal(3000)), at=at)
    scene.events(at)
    scene.converge(at)
    scene.operator.answers_all(at)
    scene.table()


def the_new_period(scene: Scene) -> None:
    """Credits expire, the week ends, the month ends: UTM5 charges, and the product marks what is paid."""
    scene.screen.chapter(WEEK_BEGINS, "A new period")
    for static_id, at in ((_WEEKLY, WEEK_BEGINS), (_MONTHLY, MONTH_BEGINS)):
        scene.utm5.expire(at)
        scene.begin_period(static_id, at)
        scene.events(at)
        scene.command("period-begin", at=at)
        scene.converge(at)
    scene.operator.answers_all(MONTH_BEGINS)
    scene.table()


def late_payers(scene: Scene) -> None:
    """Who could not pay in time pays now: what was held is on again within one pass, and charged."""
    scene.screen.chapter(LATE_PAYERS, "Late payers")
    held = sorted({int(row["account"]) for row in scene.subscriptions(LATE_PAYERS, "--held-by", "forecast")})
    payers = held[::4]
    scene.screen.say(f"{len(payers)} of {len(held)} accounts with held add-ons pay 2,000.00 each.")
    scene.utm5.pay(dict.fromkeys(payers, Decimal(2000)), at=LATE_PAYERS)
    scene.events(LATE_PAYERS)
    scene.converge(LATE_PAYERS)
    scene.operator.answers_all(LATE_PAYERS)
    scene.screen.say(f"One pass later {scene.charge_add_ons(LATE_PAYERS)} add-ons are on again, and UTM5 charges them.")
    scene.table()


def the_last_day(scene: Scene) -> None:
    """UTM5 takes what services in a flow cost since the period began."""
    scene.screen.chapter(END, "The last day")
    scene.utm5.flow(END)
    scene.events(END)
    scene.converge(END)
    scene.operator.answers_all(END)
    scene.table()


def where_to_look(scene: Scene) -> list[str]:
    """Commands to try, on accounts that have something to tell."""
    program = f"isp-addons --config {scene.folder.config} --at {END.isoformat(timespec='minutes')}"
    held = scene.subscriptions(END, "--held-by", "forecast")
    account = held[0]["account"] if held else "1001"
    commands = ("subscriptions list --held-by forecast", f"accounts show {account}", f"audit --account {account}")
    return [f"{program} {command}" for command in (*commands, "before-period-end", "vendors list")]
