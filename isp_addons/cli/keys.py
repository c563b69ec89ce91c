"""Commands for project keys: import, list, show, redeem, and the notices of those that end."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from isp_addons.cli.changes import split_option
from isp_addons.cli.numbers import NUMBER
from isp_addons.cli.output import Form, Session, form_options, json_option, list_options, say, show, when
from isp_addons.domain.money import format_amount
from isp_addons.domain.project_key import KeyState
from isp_addons.domain.quantity_change import Effect

if TYPE_CHECKING:
    from isp_addons.services.project_key_redeem import Redeemed

_NUMBER = NUMBER
_AMOUNTS = ("id", "quantity", "term", "purchase_price", "selling_price", "customer")


@click.group()
def keys() -> None:
    """Project keys: import, list, show, let one pay for a customer.

    A project key is a certificate that was paid to the vendor in advance. It pays a managed customer's subscription for its
    units and its term, instead of the customer's balance.
    """


@keys.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--batch", metavar="NAME", help="How the delivery is called; the file's name if not given.")
@json_option
@click.pass_obj
def import_file(session: Session, *, file: Path, batch: str | None, as_json: bool) -> None:
    """Take in the keys of FILE: the whole file, or nothing with every wrong line named.

    A CSV file in UTF-8 with the columns code, product, quantity, term (months), purchase_price, and expires (such as
    2026-12-31: the last day on which it can be redeemed; may be left out). A key that was imported before is refused.
    """
    from isp_addons.domain.period import time_zone
    from isp_addons.services import project_keys as service
    from isp_addons.services.project_keys_file import read_file

    session.require_staff()  # before the file is read: which keys there are is nobody else's business
    context = session.app.context
    cause = session.cause(f"imported from {file.name}")
    found = read_file(
        file,
        products=service.sold(context),
        currency=context.currency,
        zone=time_zone(context.time_zone),
        now=cause.at,
        known=partial(service.known, context),
    )
    count = service.take_in(context, cause, found, batch=batch or file.name, name=file.name)
    say(f"{count} project keys imported.", as_json=as_json, new=count)


@keys.command("list")
@click.option("--state", type=click.Choice([each.value for each in KeyState]), help="Only those in this state.")
@click.option("--product", help="Only those for this product.")
@click.option("--customer", type=_NUMBER, help="Only those that this customer uses or used.")
@click.option("--batch", help="Only those of this delivery.")
@click.option("--reveal", is_flag=True, help="Show them in full; for each that is written into the audit.")
@list_options
@click.pass_obj
def list_keys(
    session: Session,
    *,
    state: str | None,
    product: str | None,
    customer: int | None,
    batch: str | None,
    reveal: bool,
    limit: int,
    form: Form,
) -> None:
    """List project keys, newest first; of each only its last four characters unless --reveal."""
    from isp_addons.services import project_keys as service

    wanted = service.Wanted(state=KeyState(state) if state else None, product=product, customer=customer, batch=batch)
    cause = session.cause("project keys were listed")
    rows = service.rows(session.app.context, cause, wanted, limit=limit, reveal=reveal)
    if not form:
        rows = [{**row, "expires_at": when(row["expires_at"]), "until": when(row["until"])} for row in rows]
    columns = {
        "id": "Id",
        "key": "Key",
        "state": "State",
        "product": "Product",
        "quantity": "Units",
        "term": "Months",
        "purchase_price": "Purchase",
        "selling_price": "Selling",
        "currency": "",
        "expires_at": "Expires (UTC)",
        "customer": "Customer",
        "company": "Company",
        "until": "Pays until (UTC)",
    }
    if rows and "purchase_price" not in rows[0]:
        del columns["purchase_price"]
    asked = any((state, product, customer, batch))
    empty = "No project key is like that; leave a filter out." if asked else "No project keys; add: isp-addons keys import FILE"
    show(rows, form=form, columns=columns, right=_AMOUNTS, empty=empty)


@keys.command("show")
@click.argument("key")
@json_option
@click.pass_obj
def show_key(session: Session, *, key: str, as_json: bool) -> None:
    """What KEY, as it was delivered, is for: units, term, purchase price (for staff), and what became of it."""
    from isp_addons.services import project_keys as service

    row = service.entered(session.app.context, session.cause("a project key was entered"), key)
    said = {**row, "expires_at": when(row["expires_at"]) or "never", "until": when(row["until"])}
    price = ", purchase price {purchase_price} {currency}" if "purchase_price" in row else ""
    text = f"{{key}}: {{quantity}} × {{product}} for {{term}} months{price}; {{state}}, "
    say(f"{text}expires {{expires_at}}.".format_map(said), as_json=as_json, **row)


@keys.command()
@click.argument("customer", type=_NUMBER)
@click.argument("key")
@click.option("--selling-price", metavar="AMOUNT", help="What the customer pays you for it, such as 1500.00; 0.00 for nothing.")
@split_option
@click.option("--now", "instantly", is_flag=True, help="The term begins now, not when what is paid already is over.")
@click.option("--account", help="Which account of the customer, if he has several.")
@click.option("--dry-run", is_flag=True, help="Only tell what it would come to; the key stays unused.")
@json_option
@click.pass_obj
def redeem(
    session: Session,
    *,
    customer: int,
    key: str,
    selling_price: str | None,
    split: dict[str, int],
    instantly: bool,
    account: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Let KEY pay for the managed CUSTOMER: his subscription to the key's product, or a new one, has the key's units.

    More units than he has count now (--now) or when what is paid is over, fewer only then. With --dry-run the selling price
    and the distribution can be left out.
    """
    from isp_addons.services import project_key_redeem as service

    wish = service.Redeem(
        customer=customer, code=key, selling_price=selling_price, split=split, instantly=instantly, account=account
    )
    done = service.redeem(session.app.context, session.cause("project key redeemed"), wish, dry_run=dry_run)
    for warning in done.warnings:
        click.echo(f"warning: {warning}", err=True)
    say(_told(done, dry_run=dry_run), as_json=as_json, **_facts(done), dry_run=dry_run)


def _facts(done: "Redeemed") -> dict[str, Any]:
    """What programs are told of a key that pays."""
    purchase, selling = (_amount(each, done.currency) for each in (done.purchase_price, done.selling_price))
    known = done.selling_price is not None and done.purchase_price is not None
    return {
        "key": done.key,
        "customer": done.customer,
        "company": done.company,
        "account": done.account,
        "product": done.product,
        "subscription": done.subscription,
        "quantity": done.quantity,
        "before": done.before,
        "split": done.split,
        "effect": done.effect.value,
        "term": done.term,
        "starts_at": done.starts_at,
        "until": done.until,
        "then": done.then,
        "purchase_price": purchase,
        "selling_price": selling,
        "margin": _amount((done.selling_price or 0) - (done.purchase_price or 0), done.currency) if known else None,
        "currency": done.currency,
        "warnings": done.warnings,
    }


@keys.command()
@form_options
@click.pass_obj
def notices(session: Session, *, form: Form) -> None:
    """Note and list the notices that became due: 30, 7 and 1 days before a key's term is over. Each is due once."""
    from isp_addons.domain.cause import Source
    from isp_addons.services.project_key_notices import notify

    found = notify(session.app.context, session.cause("the key ends soon", source=Source.TIMETABLE))
    columns = {
        "customer": "Customer",
        "company": "Company",
        "account": "Account",
        "product": "Product",
        "subscription": "Subscription",
        "until": "Pays until",
        "days": "Days before",
    }
    show(found, form=form, columns=columns, right=("customer", "subscription", "days"), empty="No notices became due.")


def _amount(minor: int | None, currency: str) -> str | None:
    return None if minor is None else format_amount(minor, currency)


def _told(done: "Redeemed", *, dry_run: bool) -> str:
    parts = ", ".join(f"{number} {name}" for name, number in done.split.items())
    units = f"{done.quantity} × {done.product}{f' ({parts})' if parts else ''}"
    counts = f", counted from {when(done.starts_at)} on" if done.effect is Effect.PENDING else ""
    after = "it is paid as before" if done.then else "it is over"
    would = "Nothing is changed yet. " if dry_run else ""
    cost = (
        ""
        if done.purchase_price is None
        else f" Purchase price {format_amount(done.purchase_price, done.currency)} {done.currency}."
    )
    price = (
        "" if done.selling_price is None else f" Sold for {format_amount(done.selling_price, done.currency)} {done.currency}."
    )
    return (
        f"{would}The project key {done.key} pays {units} for {done.company} from {when(done.starts_at)} to {when(done.until)} "
        f"UTC{counts}; then {after}.{cost}{price}"
    )
