"""Spaces: places that a vendor guards, and who in them may pay."""

from dataclasses import dataclass
from enum import StrEnum

from isp_addons.domain.problem import Refused


class SpaceRole(StrEnum):
    """What somebody is in a space: a professional who installs and maintains, his company, or who lives or works there."""

    PRO = "pro"
    COMPANY = "company"
    END_USER = "end_user"

    @property
    def told(self) -> str:
        """The role as people read it, in the plural."""
        return {SpaceRole.PRO: "PROs", SpaceRole.COMPANY: "companies", SpaceRole.END_USER: "end users"}[self]


PAYERS = (SpaceRole.PRO, SpaceRole.END_USER)
"""The roles of persons, who alone can pay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a person stands in a space.

    ``guarded``: a PRO or a company is in the space; ``delegated``: a PRO of the space has delegated the right to pay to him.
    """

    role: SpaceRole
    full_rights: bool
    guarded: bool = False
    delegated: bool = False


def check_may_pay(standing: Standing | None) -> None:
    """Whether a person who stands so may pay at all; None: he is not in the space.

    Raises `Refused`: ``no_system_access``; ``pro_in_space`` for a user whose space is in the care of a PRO or a company,
    unless the right was delegated to him.
    """
    if standing is None:
        raise Refused("Only who is in the space may pay for it; ask to be invited into it.", code="no_system_access")
    if standing.role is SpaceRole.END_USER:
        if standing.delegated:
            return
        if standing.guarded:
            raise Refused(
                "A PRO or a company is in the space, so that it pays; ask your PRO to order, or to delegate the right to you.",
                code="pro_in_space",
            )
    if not standing.full_rights:
        raise Refused("Paying needs full rights to the space; ask for them whoever administers it.", code="no_system_access")
