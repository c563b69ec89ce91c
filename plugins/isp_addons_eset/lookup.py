"""Finds a licence of ours at ESET: by ESET's key where it is known, else by our key in its company's name."""

import logging

from isp_addons.vendor_api import LicenceView, Rejected
from isp_addons_eset.answers import Refused
from isp_addons_eset.client import EsetClient
from isp_addons_eset.options import EsetOptions
from isp_addons_eset.translate import Company, EsetLicence, State, pick

log = logging.getLogger(__name__)

GONE = (403, 404)
"""How ESET answers about a licence that it does not have, or not under us (license_suspend)."""


class Lookup:
    """Reads only. An obsolete licence counts as none."""

    def __init__(self, client: EsetClient, options: EsetOptions) -> None:
        self._client = client
        self._options = options

    def standing(self, licence: LicenceView) -> EsetLicence:
        """The licence. Raises `Rejected` when ESET has none."""
        found = self.known(licence)
        if found is None:
            raise Rejected(
                f"ESET has no licence for {licence.key}.",
                action=f"find {licence.key}",
                hint="Compare it in ESET's portal: its company's name ends with this key.",
            )
        return found

    def known(self, licence: LicenceView) -> EsetLicence | None:
        """The licence, or None when ESET has none."""
        return self.by_reference(licence) or self.by_key(licence)

    def by_reference(self, licence: LicenceView) -> EsetLicence | None:
        """The licence that bears ESET's key as we know it; None when there is none, or it has been replaced."""
        if not licence.reference:
            return None
        try:
            found = self._client.licence(licence.reference, about=licence.key)
        except Refused as error:
            if error.status not in GONE:
                raise
            return None
        return None if found.state is State.OBSOLETE else found

    def by_key(self, licence: LicenceView) -> EsetLicence | None:
        """The licence in the company that bears our key."""
        company = self._client.find_company(licence.key)
        return None if company is None else self.inside(company, licence)

    def inside(self, company: Company, licence: LicenceView, *, ordering: bool = False) -> EsetLicence | None:
        """The licence among those of *company*; see `pick`. Raises `Rejected` when several may be meant."""
        code = licence.options.get("product_code") or self._options.product_code
        there = self._client.licences(company.id, about=licence.key)
        try:
            return pick(there, reference=licence.reference, product_code=code, ordering=ordering)
        except LookupError as error:
            raise Rejected(
                f"ESET has several licences in the company of {licence.key}, and it is not clear which is meant.",
                action=f"find {licence.key}",
                hint="Look at the company in ESET's portal.",
            ) from error

    def company_of(self, licence: LicenceView, standing: EsetLicence | None) -> Company | None:
        """The company of *standing*, or the one that bears our key. None for a company that was not made for this licence."""
        if standing is None:
            return self._client.find_company(licence.key)
        company = self._client.company(standing.customer_id, about=licence.key)
        if licence.key in (company.key, company.custom_identifier):
            return company
        log.info("the company of %s was not made for it, so it keeps its name", licence.key)
        return None
