"""Mail to users who are named by e-mail address and were given a seat: they are invited, or told that they can begin."""

from collections.abc import Sequence
from secrets import token_hex

from sqlalchemy import select
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.permission import Permission
from isp_addons.domain.problem import BadInput
from isp_addons.services import access, find, mail, members
from isp_addons.services.context import Context
from isp_addons.store import users
from isp_addons.store.tables import Account, Customer, Person, Product, VendorUser


def write(
    context: Context,
    session: Session,
    cause: Cause,
    account: Account,
    product: Product,
    given: Sequence[VendorUser],
) -> int:
    """Write to those users of *account* who were *given* a seat of *product*; returns to how many.

    To nobody, where no mail is configured or the vendor writes itself.
    """
    if context.mail is None or not context.mail.to_members or not members.by_address(context, product):
        return 0
    company, language = _said_by(session, context.mail.language, account)
    values = {"company": company, "product": product.article_name or product.name}
    letters = [
        mail.written(
            cause,
            key=f"seat:{user.id}:{token_hex(12)}",
            kind=mail.Kind.SEAT_ADDED if user.activated_at is not None else mail.Kind.SEAT_INVITATION,
            to=user.email,
            language=language,
            values=values,
            user_id=user.id,
        )
        for user in given
    ]
    session.add_all(letters)
    return len(letters)


def resend(context: Context, cause: Cause, *, subscription_id: int, names: Sequence[str]) -> int:
    """Write once more to users who have a seat; returns to how many.

    Raises `BadInput` (``no_seat``) naming everybody who has none, and `Refused` (``mail_not_configured``, ``not_permitted``).
    """
    with context.store.write() as session:
        _, account, product = find.subscription(session, subscription_id, cause, Permission.ASSIGN)
        access.require_account(session, cause, Permission.ASSIGN, account_id=account.id)
        mail.require_configured(context)
        vendor = str(product.vendor)
        found = {
            each.email.lower(): each for each in users.named(session, vendor=vendor, account_id=account.id, names=set(names))
        }
        holders = users.seat_holders(session, subscription_id=subscription_id)
        without = [name for name in names if (user := found.get(name.lower())) is None or user.id not in holders]
        if without:
            raise BadInput(
                f"They have no seat of subscription {subscription_id}: {', '.join(map(repr, without))}; nobody was written to. "
                f"Who has one: isp-addons seats list {subscription_id}",
                code="no_seat",
            )
        chosen = list({name.lower(): found[name.lower()] for name in names}.values())
        return write(context, session, cause, account, product, chosen)


def _said_by(session: Session, language: str, account: Account) -> tuple[str, str]:
    """In whose name a mail is written, and in which language: the customer's, and that of his main user."""
    if account.customer_id is None:
        return account.ref, language
    customer = select(Customer.company).where(Customer.id == account.customer_id)
    main = select(Person.language).where(Person.customer_id == account.customer_id, Person.is_main, Person.deleted_at.is_(None))
    return session.scalar(customer) or account.ref, session.scalar(main) or language
