"""Commands that change a customer who is there: how he is served, whether he may log in, his address, his end."""

import click

from isp_addons.cli.numbers import NUMBER
from isp_addons.cli.output import Session, json_option, say
from isp_addons.domain.customer import Mode

CUSTOMER = NUMBER
"""What a command takes for the number of a customer."""


@click.command()
@click.argument("customer", type=CUSTOMER)
@click.option(
    "--to", type=click.Choice([mode.value for mode in Mode]), default=Mode.MANAGED.value, show_default=True, help="How."
)
@click.option("--confirm", is_flag=True, help="Yes: a managed customer can never serve himself again.")
@json_option
@click.pass_obj
def convert(session: Session, *, customer: int, to: str, confirm: bool, as_json: bool) -> None:
    """Let CUSTOMER, who serves himself, be managed by you. There is no way back."""
    from isp_addons.services import customers as service

    new = service.convert(
        session.app.context, session.cause("converted by hand"), customer_id=customer, to=Mode(to), confirmed=confirm
    )
    say(f"Customer {customer} is {to}.", as_json=as_json, customer=customer, mode=to, changed=new)


@click.command()
@click.argument("customer", type=CUSTOMER)
@json_option
@click.pass_obj
def lock(session: Session, *, customer: int, as_json: bool) -> None:
    """Nobody of CUSTOMER logs in any more. His subscriptions go on, and are billed."""
    from isp_addons.services import customers as service

    new = service.lock(session.app.context, session.cause("locked by hand"), customer_id=customer)
    say(f"Customer {customer} is locked.", as_json=as_json, customer=customer, locked=True, changed=new)


@click.command()
@click.argument("customer", type=CUSTOMER)
@json_option
@click.pass_obj
def unlock(session: Session, *, customer: int, as_json: bool) -> None:
    """The people of CUSTOMER log in as before."""
    from isp_addons.services import customers as service

    new = service.unlock(session.app.context, session.cause("unlocked by hand"), customer_id=customer)
    say(f"Customer {customer} is not locked.", as_json=as_json, customer=customer, locked=False, changed=new)


@click.command("main-user")
@click.argument("customer", type=CUSTOMER)
@click.argument("email")
@json_option
@click.pass_obj
def main_user(session: Session, *, customer: int, email: str, as_json: bool) -> None:
    """Make EMAIL, who can log in, the main user of CUSTOMER: the subscriptions are his."""
    from isp_addons.services import customers as service

    new = service.set_main(session.app.context, session.cause("main user changed"), customer_id=customer, email=email)
    told = f"{email} is the main user of customer {customer}."
    say(told, as_json=as_json, customer=customer, main_user=email.lower(), changed=new)


@click.command()
@click.argument("customer", type=CUSTOMER)
@click.option("--street", required=True, help="Street and number.")
@click.option("--city", required=True, help="Town.")
@click.option("--postcode", default="", help="Postcode, where the country has them.")
@click.option("--country", required=True, metavar="CODE", help="Two letters, such as DE.")
@click.option("--vat-id", default="", help="VAT id; needed where the country is not yours.")
@click.option("--company", help="Its name, to correct it.")
@click.option("--different-billing", is_flag=True, help="Invoices go to another address, which the next options tell.")
@click.option("--billing-name", help="To whom.")
@click.option("--billing-street", help="Street and number.")
@click.option("--billing-city", help="Town.")
@click.option("--billing-postcode", help="Postcode.")
@click.option("--billing-country", metavar="CODE", help="Two letters.")
@click.option("--key", help="Your own key of this change: the same twice is one change.")
@json_option
@click.pass_obj
def address(
    session: Session,
    /,
    *,
    customer: int,
    street: str,
    city: str,
    postcode: str,
    country: str,
    vat_id: str,
    company: str | None,
    different_billing: bool,
    key: str | None,
    as_json: bool,
    **billing: str | None,
) -> None:
    """Replace the address and VAT id of CUSTOMER. Invoices that were made keep what they say; later ones have the new data."""
    from isp_addons.domain.address import Address
    from isp_addons.services import addresses

    lines = {name.removeprefix("billing_"): value for name, value in billing.items()}
    if not different_billing and any(lines.values()):
        raise click.UsageError("A billing address was told without --different-billing.")
    wanted = addresses.Wanted(
        address=Address(street=street, city=city, country=country, postcode=postcode),
        vat_id=vat_id,
        company=company,
        billing=lines if different_billing else None,
    )
    cause = session.cause("address changed")
    new = addresses.change(session.app.context, cause, wanted, customer_id=customer, key=key)
    told = "is changed" if new else "is the same as before"
    say(f"The address of customer {customer} {told}.", as_json=as_json, customer=customer, changed=new)


@click.command()
@click.argument("customer", type=CUSTOMER)
@click.option("--type", "typed", metavar="WORD", help="For a registered customer: DELETE, typed exactly so.")
@click.option("--confirm", is_flag=True, help="Enough for a customer who is only invited.")
@json_option
@click.pass_obj
def delete(session: Session, *, customer: int, typed: str | None, confirm: bool, as_json: bool) -> None:
    """Mark CUSTOMER for deletion; the worker does it. What is paid for runs to its end; invoices and bookings are kept."""
    from isp_addons.services import deletion

    cause = session.cause("deletion asked for by hand")
    new = deletion.mark(session.app.context, cause, customer_id=customer, typed=typed, confirmed=confirm)
    told = "is marked for deletion; the worker does it, and a mail tells when it is done." if new else "was marked before."
    say(f"Customer {customer} {told}", as_json=as_json, customer=customer, state="marked", changed=new)
