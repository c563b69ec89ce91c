"""The command that says whether a user may use a feature."""

import click

from isp_addons.cli.output import Session, json_option, say

_SAID = {
    "seat": "he has a seat",
    "account_wide": "every user of the account has it",
    "not_provisioned": "it is not given to single users",
    "trial": "everybody has it while it is tried",
    "grace": "seats do not count yet",
    "no_subscription": "the account has nothing that gives it",
    "suspended": "the subscription is suspended",
    "no_seat": "he has no seat",
    "not_activated": "he has not activated his account at the vendor yet",
    "role": "his role may not, or is not known",
}


@click.command()
@click.argument("account")
@click.argument("user")
@click.argument("feature")
@json_option
@click.pass_obj
def may(session: Session, *, account: str, user: str, feature: str, as_json: bool) -> None:
    """Say whether USER of ACCOUNT may use FEATURE, and why. With --at of isp-addons: at that moment.

    FEATURE is one that a product names in the catalogue, or the code of a product that names none.
    """
    from isp_addons.services import entitlement

    found = entitlement.may(session.app.context, session.cause("asked"), account=account, user=user, feature=feature)
    word = "yes" if found.allowed else "no"
    say(
        f"{word}: {_SAID[found.why.value]}.",
        as_json=as_json,
        account=account,
        user=found.user,
        feature=feature,
        role=found.role,
        at=found.at,
        allowed=found.allowed,
        why=found.why.value,
    )
