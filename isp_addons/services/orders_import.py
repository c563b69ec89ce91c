"""Importing orders that exist already: the whole file or nothing, every wrong line named."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from isp_addons.domain.catalogue import LOWEST_PRIORITY
from isp_addons.domain.cause import Cause
from isp_addons.domain.event import parse_account
from isp_addons.domain.money import parse_amount
from isp_addons.domain.period import parse_moment, parse_whole
from isp_addons.domain.price_list import flat
from isp_addons.domain.problem import BadInput, Problem, refuse_file
from isp_addons.domain.subscription import Plan, Status
from isp_addons.domain.text import parse_line
from isp_addons.services import block, find, order, prices, subscribe
from isp_addons.services.context import Context
from isp_addons.store import audit, schema, scratch
from isp_addons.store.tables import Licence, Product, Subscription

COLUMNS = ("account_id", "product", "quantity", "price", "priority", "ordered_at")
_MOST_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedOrder:
    """One line: ``price`` is one unit's for one period, in minor units; ``priority`` 1 is kept first."""

    line: int
    account: str
    product: str
    quantity: int
    price: int
    priority: int
    ordered_at: datetime

    @property
    def key(self) -> str:
        """The same order twice is one order."""
        return find.fitting_key(f"import:{self.account}:{self.product}:{int(self.ordered_at.timestamp())}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """How many orders are new, were known, belong to deleted accounts; and the products that the file itself brought."""

    new: int
    known: int
    deleted: int
    products: tuple[str, ...]


def read_file(path: Path, *, currency: str) -> list[ImportedOrder]:
    """Read and check the CSV file. Raises `BadInput` with every wrong line (at most 20 shown)."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise BadInput(f"{path}:1: these columns are missing: {', '.join(missing)}.", code="bad_file")
            return _checked(path, reader, currency)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.", code="bad_file") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path} is not a CSV file in UTF-8: {error}.", code="bad_file") from error


def import_orders(context: Context, cause: Cause, orders: Sequence[ImportedOrder], *, name: str) -> ImportResult:
    """Take over *orders* as recurring subscriptions, paid until the end of the running period. Twice: no second effect.

    Products must exist; only where none exists at all does the file bring its own, without a vendor. Orders of accounts that
    the billing has deleted are left out. Raises `BadInput` naming the lines whose account or product is unknown.
    """
    refs = sorted({each.account for each in orders})
    gathered = context.billing.gather(refs, at=cause.at)
    with context.store.write() as session:
        accounts = find.known_accounts(context, session, gathered, refs)
        absent = [ref for ref in refs if ref not in accounts]
        unknown = set(context.billing.never_existed(session, absent))
        brought = _bring_products(session, context, orders)
        products = {each.code: each for each in session.scalars(select(Product))}
        problems = [f"{name}:{each.line}: there is no account {each.account!r}." for each in orders if each.account in unknown]
        problems += [
            f"{name}:{each.line}: there is no product {each.product!r}; add it with: isp-addons products add"
            for each in orders
            if each.product not in products
        ]
        _raise(problems)
        wanted = [each for each in orders if each.account in accounts]
        known = _known_keys(session, [each.key for each in wanted])
        fresh = [each for each in wanted if each.key not in known]
        ids = {ref: account.id for ref, account in accounts.items()}
        _create(session, context, cause, fresh, ids, products)
        block.settle(session, cause)
    return ImportResult(
        new=len(fresh), known=len(wanted) - len(fresh), deleted=len(orders) - len(wanted), products=tuple(brought)
    )


def _checked(path: Path, reader: "csv.DictReader[str]", currency: str) -> list[ImportedOrder]:
    orders: list[ImportedOrder] = []
    problems: list[str] = []
    lines: dict[str, int] = {}
    for row in reader:
        try:
            found = _order(row, reader.line_num, currency)
        except Problem as problem:
            problems.append(f"{path.name}:{reader.line_num}: {problem.message}")
            continue
        if found.key in lines:
            problems.append(f"{path.name}:{found.line}: the same order stands in line {lines[found.key]} already.")
        lines.setdefault(found.key, found.line)
        orders.append(found)
    _raise(problems)
    return orders


def _order(row: dict[str, str], line: int, currency: str) -> ImportedOrder:
    if None in row:  # where `csv` puts what stands beyond the last column
        raise BadInput("The line has more values than there are columns.", code="bad_line")
    values = {name: (row.get(name) or "").strip() for name in COLUMNS}
    return ImportedOrder(
        line=line,
        account=parse_account(values["account_id"]),
        product=parse_line(values["product"], name="product", most=64),
        quantity=parse_whole(values["quantity"], name="quantity", most=order.MOST_QUANTITY),
        price=parse_amount(values["price"], currency=currency, minimum=0),
        priority=parse_whole(values["priority"], name="priority", most=LOWEST_PRIORITY),
        ordered_at=parse_moment(values["ordered_at"]),
    )


def _raise(problems: list[str]) -> None:
    refuse_file(problems, most=_MOST_SHOWN, before="Nothing was imported:")


def _bring_products(session: Session, context: Context, orders: Sequence[ImportedOrder]) -> list[str]:
    if session.scalar(select(Product.id).limit(1)) is not None:
        return []
    first = {each.product: each for each in reversed(orders)}
    for code, each in first.items():
        session.add(
            Product(
                code=code,
                name=code,
                vendor=None,
                currency=context.currency,
                priority=each.priority,
                terms="1",
                options={},
                on_sale=True,
            )
        )
    session.flush()
    for product in session.scalars(select(Product)):
        prices.write(session, product, {prices.ALWAYS: flat(first[product.code].price)})
    return sorted(first)


def _known_keys(session: Session, keys: list[str]) -> set[str]:
    known: set[str] = set()
    for start in range(0, len(keys), 500):
        known.update(session.scalars(select(Subscription.key).where(Subscription.key.in_(keys[start : start + 500]))))
    return known


def _create(
    session: Session,
    context: Context,
    cause: Cause,
    orders: Sequence[ImportedOrder],
    accounts: dict[str, int],
    products: dict[str, Product],
) -> None:
    ends = dict(session.execute(select(scratch.funds.c.account_id, scratch.funds.c.period_end)).all())
    rows = [_row(each, accounts[each.account], products[each.product], ends) for each in orders]
    session.add_all(rows)
    session.flush()
    installation = schema.installation(session)
    by_id = {product.id: product for product in products.values()}
    licences = [
        licence
        for row in rows
        for licence in subscribe.licence_rows(context, installation, row, by_id[row.product_id], cause.at)
    ]
    if licences:
        session.execute(insert(Licence), licences)
    scratch.empty(session, scratch.touched)
    if rows:
        session.execute(insert(scratch.touched), [{"subscription_id": row.id} for row in rows])
    audit.record_all(
        session,
        cause,
        subject="subscription",
        subject_id=scratch.touched.c.subscription_id,
        field="status",
        before=None,
        after=Status.RUNNING.value,
        where=select(scratch.touched.c.subscription_id),
    )


def _row(each: ImportedOrder, account_id: int, product: Product, ends: Mapping[int, datetime]) -> Subscription:
    """It is paid until its account's period ends."""
    return Subscription(
        account_id=account_id,
        product_id=product.id,
        key=each.key,
        plan=Plan.RECURRING.value,
        status=Status.RUNNING.value,
        quantity=each.quantity,
        term_months=1,
        price=each.price * each.quantity,
        own_price=True,
        priority=each.priority,
        ordered_at=each.ordered_at,
        paid_until=ends[account_id],
    )
