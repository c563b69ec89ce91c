"""Every command of the command line, as every role: what a role may not do is refused at once, and nothing is changed."""

from collections.abc import Iterator

import click
import pytest

from acceptance.conftest import MakeDatabase
from acceptance.kit import Isp
from acceptance.people_kit import refused, takes_in
from isp_addons.cli.main import cli
from isp_addons.domain.permission import MAY, Permission, Role
from isp_addons_avdesk.sandbox import AvDeskSandbox

EVERYBODY = None
STAFF = Permission.ADMINISTER
CARER = Permission.MANAGE_CUSTOMERS
SEE = Permission.SEE
BUY = Permission.BUY
ASSIGN = Permission.ASSIGN
INVITE = Permission.INVITE

COMMANDS: dict[str, tuple[str, Permission | None]] = {
    "products add": ("gift --price 0", STAFF),
    "products include": ("av Home", STAFF),
    "products list": ("", SEE),
    "products on-sale": ("av --no", STAFF),
    "catalogue check": ("{folder}/rules.yaml", STAFF),
    "catalogue export": ("", STAFF),
    "catalogue import": ("{folder}/rules.yaml", STAFF),
    "catalogue price": ("av", SEE),
    "catalogue sample": ("", STAFF),
    "order": ("42 av", BUY),
    "renew": ("1", BUY),
    "cancel": ("1", BUY),
    "subscriptions change": ("1 --quantity 2", BUY),
    "subscriptions list": ("", SEE),
    "subscriptions reactivate": ("1", BUY),
    "subscriptions show": ("1", SEE),
    "subscriptions stop": ("1", BUY),
    "subscriptions withdraw": ("1", BUY),
    "seats apply": ("{folder}/changes.csv", ASSIGN),
    "seats assign": ("1 u@bakery.example", ASSIGN),
    "seats import": ("1 {folder}/users.csv", ASSIGN),
    "seats list": ("1", SEE),
    "seats pool": ("1", SEE),
    "seats resend": ("1 u@bakery.example", ASSIGN),
    "seats swap": ("1 u@bakery.example v@bakery.example", ASSIGN),
    "seats unassign": ("1 u@bakery.example", ASSIGN),
    "may": ("42 u@bakery.example av", SEE),
    "bundles list": ("1", SEE),
    "bundles show": ("1", SEE),
    "bundles stop": ("1 CAM-1", BUY),
    "bundles use": ("1 CAM-1", BUY),
    "availability add": ("avdesk PL card", STAFF),
    "availability app": ("avdesk App --platform iOS --role pro --least 2.0", STAFF),
    "availability check": ("{folder}/rules.yaml", EVERYBODY),
    "availability delegation": ("avdesk --off", STAFF),
    "availability export": ("", EVERYBODY),
    "availability import": ("{folder}/rules.yaml", STAFF),
    "availability list": ("", EVERYBODY),
    "availability options": ("--space 1", BUY),
    "availability remove": ("avdesk PL card", STAFF),
    "availability sample": ("", EVERYBODY),
    "availability service": ("avdesk av", STAFF),
    "spaces add": ("42 --vendor avdesk", STAFF),
    "spaces add-device": ("1 CAM-1 --kind Cam", STAFF),
    "spaces country": ("1 PL", STAFF),
    "spaces leave": ("1 owner@bakery.example", SEE),
    "spaces list": ("", SEE),
    "spaces member": ("1 owner@bakery.example", STAFF),
    "spaces remove-device": ("1 CAM-1", STAFF),
    "spaces show": ("1", SEE),
    "delegations grant": ("1 owner@bakery.example", SEE),
    "delegations list": ("", SEE),
    "delegations revoke": ("1 owner@bakery.example", SEE),
    "keys import": ("{folder}/keys.csv", STAFF),
    "keys list": ("", CARER),
    "keys notices": ("", STAFF),
    "keys redeem": ("1 KEY-100-FIRST --selling-price 1.00", CARER),
    "keys show": ("KEY-100-FIRST", CARER),
    "customers accept": ("", EVERYBODY),
    "customers add": ("New --contact N --email n@new.example", Permission.CREATE_CUSTOMERS),
    "customers address": ("1 --street Weg --city Ulm --country DE", Permission.EDIT_ADDRESS),
    "customers attach": ("1 42", STAFF),
    "customers convert": ("1 --confirm", CARER),
    "customers delete": ("1 --type DELETE", CARER),
    "customers export": ("", SEE),
    "customers invite": ("1 n@new.example --name N", INVITE),
    "customers list": ("", SEE),
    "customers lock": ("1", CARER),
    "customers main-user": ("1 admin@bakery.example", CARER),
    "customers register": ("New --contact N --email n@new.example", EVERYBODY),
    "customers resend": ("owner@bakery.example", INVITE),
    "customers show": ("1", SEE),
    "customers unlock": ("1", CARER),
    "people activate": ("owner@bakery.example", INVITE),
    "people add": ("n@new.example --name N --role agent --customer 1 --no-invitation", INVITE),
    "people change-email": ("owner@bakery.example n@new.example", INVITE),
    "people confirm-email": ("", EVERYBODY),
    "people deactivate": ("owner@bakery.example", INVITE),
    "people list": ("", SEE),
    "people role": ("owner@bakery.example agent", INVITE),
    "people sign-in": ("owner@bakery.example", EVERYBODY),
    "people sign-out": ("", EVERYBODY),
    "people signed-in": ("", EVERYBODY),
    "mail list": ("", STAFF),
    "mail send": ("", STAFF),
    "resellers acting-on": ("", CARER),
    "resellers add": ("1 --discount 20", STAFF),
    "resellers areas": ("", SEE),
    "resellers contact": ("", EVERYBODY),
    "resellers fund": ("1 5.00", Permission.CREATE_CUSTOMERS),
    "resellers list": ("", STAFF),
    "resellers order": (
        "New --contact N --email n@new.example --product av --quantity 1 --term 1",
        Permission.CREATE_CUSTOMERS,
    ),
    "purchases cancel": ("1", BUY),
    "purchases create": ("42 av --by card", BUY),
    "purchases list": ("", SEE),
    "purchases paid": ("1 --amount 1.00 --key k", STAFF),
    "purchases pay": ("1 --card card_ok", BUY),
    "purchases settle": ("", STAFF),
    "purchases show": ("1", SEE),
    "payments activate": ("card", STAFF),
    "payments answer": ("1", SEE),
    "payments deactivate": ("card", STAFF),
    "payments forget-card": ("42", BUY),
    "payments methods": ("", EVERYBODY),
    "payments refunds": ("", SEE),
    "payments save-card": ("42 --card card_ok", BUY),
    "statements close": ("--month 2026-02", STAFF),
    "statements list": ("--month 2026-03", SEE),
    "statements show": ("42 --month 2026-03", SEE),
    "report": ("", CARER),
}
"""Every command that asks what a person may do: words that fit it, and what he must be allowed to do for it."""

FILES = {
    "changes.csv": "subscription,change,user\n1,give,u@bakery.example\n",
    "users.csv": "u@bakery.example\n",
    "keys.csv": "code,product,quantity,term,purchase_price\nKEY-NEW-00001,av,10,12,1.00\n",
    "rules.yaml": "availability: 1\nvendors: {}\n",
}


@pytest.fixture
def isp(make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory, avdesk: AvDeskSandbox) -> Isp:
    """A customer with a subscription and a space, for whom somebody of every role works; a reseller beside it."""
    folder = tmp_path_factory.mktemp("isp")
    isp = Isp(folder, make_database("sqlite"), avdesk)
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    isp.configure("payments", card="sandbox", secret_key="sk_test_secret", public_key="pk_test_public")
    isp.sells("av", "5.00")
    (folder / "first.csv").write_text(FILES["keys.csv"].replace("KEY-NEW-00001", "KEY-100-FIRST"), encoding="utf-8")
    isp("keys", "import", str(folder / "first.csv"))
    isp.subscriber("42", "av", left="100")
    takes_in(isp, "Bakery", "owner@bakery.example", "--account", "42", "--mode", "managed")
    isp("payments", "activate", "card")
    isp("purchases", "create", "42", "av", "--by", "card")
    isp("spaces", "add", "42", "--vendor", "avdesk", "--country", "UA")
    return isp


def person(isp: Isp, role: Role) -> str:
    """Somebody of that role, who works for the customer."""
    if role is Role.OWNER:
        return "owner@bakery.example"
    email = f"{role.value.replace('_', '-')}@bakery.example"
    isp("people", "add", email, "--name", "P", "--role", role.value, "--customer", "1", "--no-invitation")
    return email


def commands(group: click.Group, *before: str) -> Iterator[tuple[str, ...]]:
    """Every command that is no group, by its words."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield from commands(command, *before, name) if isinstance(command, click.Group) else [(*before, name)]


def test_every_command_is_for_staff_alone_or_says_what_must_be_allowed(isp: Isp) -> None:
    """A new command, or a new group of commands, has to be written down above, or is refused to everybody but staff."""
    listed = {name.split(" ")[0] for name in COMMANDS}
    found = [" ".join(words) for words in commands(cli)]
    assert {name for name in found if name.split(" ")[0] in listed} == set(COMMANDS)
    him = person(isp, Role.RESELLER)
    before = isp.dump()
    for name in sorted({name.split(" ")[0] for name in found} - listed):
        told = isp.anyhow("--as", him, name, human=True)
        assert (told.code, "may not do that (administer); ask the ISP's staff." in told.err) == (1, True), (name, told)
    assert isp.dump() == before


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.STAFF])
def test_what_a_role_may_not_do_is_refused_and_changes_nothing(isp: Isp, role: Role) -> None:
    him = person(isp, role)
    before, wrong = isp.dump(), {}
    for name, (words, permission) in COMMANDS.items():
        if permission is EVERYBODY or permission in MAY[role]:
            continue
        told = isp.anyhow("--as", him, *name.split(" "), *words.format(folder=isp.folder).split())
        if told.code == 0 or '"error": "not_permitted"' not in told.out:
            wrong[name] = told.out + told.err
    assert wrong == {}
    assert isp.dump() == before


def test_nobody_who_is_locked_out_does_or_sees_anything(isp: Isp) -> None:
    isp("customers", "lock", "1")
    before, wrong = isp.dump(), {}
    for name, (words, permission) in COMMANDS.items():
        if permission is EVERYBODY:
            continue
        command = (*name.split(" "), *words.format(folder=isp.folder).split())
        told = isp.anyhow("--as", "owner@bakery.example", *command, human=True)
        if told.code == 0 or "cannot log in any more" not in told.err:
            wrong[name] = told.out + told.err
    assert wrong == {}
    assert isp.dump() == before


def test_staff_who_are_named_may_do_what_the_operator_may(isp: Isp) -> None:
    isp("people", "add", "sam@isp.example", "--name", "Sam", "--role", "staff", "--no-invitation")
    isp.opens("43", "100.00")
    assert isp("--as", "sam@isp.example", "order", "43", "av").row["subscription"], "an account that is no customer's"


def test_no_role_of_the_table_may_do_more_than_staff() -> None:
    assert all(allowed <= MAY[Role.STAFF] for allowed in MAY.values())
    assert [role for role in Role if STAFF in MAY[role]] == [Role.STAFF]
    assert [role for role in Role if CARER in MAY[role]] == [Role.STAFF, Role.RESELLER]


def test_nobody_learns_who_is_known_here(isp: Isp) -> None:
    """Whoever is not in his care is told from nobody by no command."""
    takes_in(isp, "Butcher", "eva@butcher.example")
    isp("people", "add", "sam@isp.example", "--name", "Sam", "--role", "staff", "--no-invitation")
    owner, pro = "owner@bakery.example", person(isp, Role.PRO)
    isp("spaces", "member", "1", pro)
    for him, words in (
        (owner, "people role {} agent"),
        (owner, "people deactivate {}"),
        (owner, "people activate {}"),
        (owner, "people change-email {} n@new.example"),
        (owner, "customers resend {}"),
        (owner, "spaces leave 1 {}"),
        (pro, "availability options --space 1 --person {}"),
        (pro, "delegations grant 1 {}"),
        (pro, "delegations revoke 1 {}"),
    ):
        addresses = ("eva@butcher.example", "sam@isp.example", "nobody@nowhere.example")
        told = [isp.anyhow("--as", him, *words.format(email).split()) for email in addresses]
        said = {(each.code, *(each.out.replace(email, "X") for _ in "x")) for each, email in zip(told, addresses, strict=True)}
        assert len(said) == 1, (words, said)


OF_A_SUBSCRIPTION = (
    "renew {}",
    "renew {} --dry-run",
    "cancel {}",
    "cancel {} --now",
    "subscriptions change {} --quantity 2",
    "subscriptions change {} --quantity 2 --when now --dry-run",
    "subscriptions reactivate {}",
    "subscriptions show {}",
    "subscriptions stop {}",
    "subscriptions withdraw {}",
    "seats assign {} u@bakery.example",
    "seats apply FOLDER/{}.csv",
    "seats import {} FOLDER/users.csv",
    "seats list {}",
    "seats pool {}",
    "seats resend {} u@bakery.example",
    "seats swap {} u@bakery.example v@bakery.example",
    "seats unassign {} u@bakery.example",
    "bundles list {}",
    "bundles show {}",
    "bundles stop {} CAM-1",
    "bundles use {} CAM-1",
)
OF_A_PURCHASE = ("purchases show {}", "purchases cancel {}", "purchases pay {} --card card_ok", "payments answer {}")
NOWHERE = "4711"


def test_nobody_counts_what_others_have(isp: Isp) -> None:
    """What is another's is told from what is not there by no command, to no role; staff are told."""
    isp.subscriber("43", "av", left="100")
    takes_in(isp, "Butcher", "eva@butcher.example", "--account", "43")
    theirs = str(isp("--as", "eva@butcher.example", "subscriptions", "list").row["id"])
    bought = str(isp("--as", "eva@butcher.example", "purchases", "create", "43", "av", "--by", "card").row["purchase"])
    for each in (theirs, bought, NOWHERE):
        text = f"subscription,change,user\n1,give,u@bakery.example\n{each},give,u@bakery.example\n"
        (isp.folder / f"{each}.csv").write_text(text, encoding="utf-8")
    wrong = {}
    for him in (person(isp, Role.ADMIN), person(isp, Role.AGENT), person(isp, Role.RESELLER), person(isp, Role.END_USER)):
        before = isp.dump()
        for number, commands in ((theirs, OF_A_SUBSCRIPTION), (bought, OF_A_PURCHASE)):
            for words in commands:
                command = words.replace("FOLDER", str(isp.folder))
                said = {}
                for each in (number, NOWHERE):
                    told = isp.anyhow("--as", him, *command.format(each).split())
                    said[each] = (told.code, told.out.replace(each, "N"), told.err.replace(each, "N"))
                if said[number] != said[NOWHERE] or '"error"' not in said[NOWHERE][1]:
                    wrong[him, words] = said
        assert isp.dump() == before
    assert wrong == {}
    assert refused(isp, "cancel", NOWHERE, exits=2) == "unknown_subscription"
    assert refused(isp, "purchases", "show", NOWHERE, exits=2) == "unknown_purchase"


def test_nobody_changes_who_may_do_more_than_he(isp: Isp) -> None:
    admin = person(isp, Role.ADMIN)
    isp("people", "add", "max@bakery.example", "--name", "M", "--role", "owner", "--customer", "1", "--no-invitation")
    before = isp.dump()
    for words in (("role", "max@bakery.example", "agent"), ("deactivate", "max@bakery.example")):
        assert refused(isp, "--as", admin, "people", *words) == "not_permitted"
    assert isp.dump() == before
    isp("--as", "owner@bakery.example", "people", "deactivate", "max@bakery.example")
    assert refused(isp, "--as", admin, "people", "activate", "max@bakery.example") == "not_permitted"


def test_a_reseller_makes_an_admin_only_knowing_what_it_costs_and_no_resellers(isp: Isp) -> None:
    isp.opens("partner", "100.00")
    partner = takes_in(isp, "Partner", "rita@partner.example", "--role", "reseller", "--account", "partner")
    new = ("--contact", "N", "--no-invitation", "--email")
    rita = ("--as", "rita@partner.example")
    assert refused(isp, *rita, "customers", "add", "Early", *new, "e@early.example", exits=2) == "not_a_reseller"
    isp("resellers", "add", str(partner), "--discount", "20")
    before = isp.dump()
    assert refused(isp, *rita, "customers", "add", "His", *new, "a@his.example", "--role", "admin") == "discount_lost"
    assert refused(isp, *rita, "customers", "add", "His", *new, "a@his.example", "--role", "reseller") == "in_care"
    assert isp.dump() == before
    his = isp(*rita, "customers", "add", "His", *new, "a@his.example", "--role", "admin", "--confirm").row["customer"]
    isp("people", "add", "b@his.example", "--name", "B", "--role", "agent", "--customer", str(his), "--no-invitation")
    assert refused(isp, *rita, "people", "role", "b@his.example", "reseller") == "in_care"


def test_a_person_sees_what_is_on_sale_and_a_reseller_what_he_can_sell(isp: Isp) -> None:
    isp("products", "add", "old", "--price", "1.00")
    isp("products", "on-sale", "old", "--no")
    isp("products", "add", "pool", "--price", "10.00", "--resale")
    isp.opens("partner", "100.00")
    partner = takes_in(isp, "Partner", "rita@partner.example", "--role", "reseller", "--account", "partner")
    isp("resellers", "add", str(partner), "--discount", "20")

    seen = isp("--as", "owner@bakery.example", "products", "list").rows
    sold = isp("--as", "rita@partner.example", "products", "list").rows
    everything = isp("products", "list").rows

    assert [(row["code"], row["price"]) for row in seen] == [("av", "5.00"), ("pool", "10.00")]
    assert [(row["code"], row["price"], row["reseller_price"]) for row in sold] == [("pool", "10.00", "8.00")]
    assert [row["code"] for row in everything] == ["av", "old", "pool"]
    assert not any("reseller_price" in row or "purchase_price" in row for row in [*seen, *everything])
    assert isp("--as", "owner@bakery.example", "catalogue", "price", "pool", "3").row["total"] == "30.00"
    for him, product in (("owner@bakery.example", "old"), ("owner@bakery.example", "none"), ("rita@partner.example", "av")):
        told = isp("--as", him, "catalogue", "price", product, exits=2).row
        assert told["message"] == f"No product {product!r} is sold to you; see: isp-addons products list"
    assert isp("catalogue", "price", "old").row["total"] == "1.00"


def test_a_reseller_sees_what_he_earns_and_not_what_the_isp_pays(isp: Isp) -> None:
    isp.opens("partner", "100.00")
    isp.opens("51", "100.00")
    partner = takes_in(isp, "Partner", "rita@partner.example", "--role", "reseller", "--account", "partner")
    isp("resellers", "add", str(partner), "--discount", "20")
    his = takes_in(isp, "His", "h@his.example", "--reseller", str(partner), "--account", "51", "--mode", "managed")
    rita = ("--as", "rita@partner.example")
    words = ("keys", "redeem", str(his), "KEY-100-FIRST", "--selling-price", "0.50")
    told = isp(*rita, *words)
    assert (told.row["selling_price"], told.row["purchase_price"], told.row["margin"]) == ("0.50", None, None)
    assert (told.row["warnings"], told.err) == ([], "")

    for row in isp(*rita, "report").rows:
        assert {"income", "units"} < row.keys()
        assert not {"purchases", "margin"} & row.keys()
    (key,) = isp(*rita, "keys", "list").rows
    shown = isp(*rita, "keys", "show", "KEY-100-FIRST").row
    assert key["selling_price"] == shown["selling_price"] == "0.50"
    assert not {"purchase_price", "margin"} & {*key, *shown}
    for command in ("report", "keys list", "keys show KEY-100-FIRST"):
        said = isp(*rita, *command.split(), human=True).out
        assert "urchase" not in said, said
        assert "Margin" not in said, said
    assert {"purchases", "margin"} < isp("report").rows[0].keys()
    assert isp("keys", "list").row["purchase_price"] == "1.00"
