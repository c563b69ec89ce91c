"""The API of ESET MSP Administrator 2: one method for each call that is used.

Source: the ESET MSP Administrator 2 API guide; its pages are named after the calls (license_order, search_licenses…). *about*
is our own key of the licence: it is what messages name.
"""

from collections.abc import Mapping
from typing import Any

from isp_addons.vendor_api import Clock, Rejected
from isp_addons_eset import answers
from isp_addons_eset.answers import Refused
from isp_addons_eset.calls import Calls, Row
from isp_addons_eset.options import EsetOptions
from isp_addons_eset.translate import Company, EsetLicence, company_name, is_whole, read_company, read_licence

_FULL, _TRIAL = 1, 4
_NAME_COLUMN, _IDENTIFIER_COLUMN = 0, 5


class EsetClient:
    """Speaks to one MSP account. Safe to share between threads."""

    def __init__(self, options: EsetOptions, *, clock: Clock) -> None:
        self._options = options
        self._calls = Calls(options, clock=clock)

    def close(self) -> None:
        """Close the connections of all threads."""
        self._calls.close()

    def own_company(self) -> Company:
        """The company of the login (User/Current)."""
        value = self._calls.call("User/Current", None)
        company = value.get("company") if isinstance(value, dict) else None
        return self._calls.read(lambda row: read_company({"name": "", **row}), company, action="User/Current")

    def children(self, parent: str) -> list[Company]:
        """All direct children of a company (Company/Children)."""
        rows = self._calls.rows("Company/Children", {"companyId": parent}, "companies")
        return [self._calls.read(read_company, row, action="Company/Children") for row in rows]

    def company(self, company_id: str, *, about: str) -> Company:
        """One company with all that is known of it (Company/Detail)."""
        value = self._calls.call("Company/Detail", {"companyId": company_id}, about=about, of_one=True)
        return self._calls.read(read_company, value, action=f"Company/Detail {about}")

    def find_company(self, key: str) -> Company | None:
        """The company that bears our licence's key, in its name or, where somebody renamed it, as custom identifier.

        Source: search_companies: column 0 is the name, 5 the custom identifier, and parts of a text are found too.
        """
        action = f"Search/Companies {key}"
        search = {key: [_NAME_COLUMN, _IDENTIFIER_COLUMN]}
        rows = self._calls.rows("Search/Companies", {"search": search}, "search", about=key)
        found = [self._calls.read(read_company, row, action=action) for row in rows]
        ours = [each for each in found if each.key == key]
        if not ours:
            renamed = [self.company(each.id, about=key) for each in found if each.key is None]
            ours = [each for each in renamed if each.custom_identifier == key]
        if len(ours) > 1:
            raise Rejected(
                f"ESET has {len(ours)} companies that bear the key {key}.", action=action, hint="Rename all but one."
            )
        return ours[0] if ours else None

    def create_company(self, key: str, *, account: str, product: str) -> Company:
        """Make the customer company of one licence (company_create_customer); one that is there already is returned.

        Names are unique among siblings, so two that bear the same key do not come about.
        """
        name = company_name(key=key, account=account)
        body: dict[str, Any] = {
            "name": name,
            "address": self._address(),
            "customIdentifier": key,
            "comment": "Made by isp-addons, which knows it by the key in its name.",
            "description": product,
        }
        if self._options.parent_company:
            body["parentCompanyId"] = self._options.parent_company
        try:
            value = self._calls.call("Company/Create/customer", body, about=key, changes=True)
        except Refused:
            found = self.find_company(key)  # another order of ours was faster, and the name is taken
            if found is None:
                raise
            return found
        try:
            return read_company({**_told(value), "name": name})
        except ValueError:  # the manual does not show the answer; the company is there all the same
            found = self.find_company(key)
        if found is None:
            self._calls.unreadable(str(value), action=f"Company/Create/customer {key}", changes=True)
        return found

    def rename(self, company: Company, *, key: str, ended: bool) -> None:
        """Put the mark of what has ended into a company's name, or take it away (company_update_customer: the rest is kept)."""
        body = {"companyId": company.id, "name": company.named(key, ended=ended)}
        self._calls.call("Company/Update/customer", body, about=key, changes=True, of_one=True)

    def licences(self, customer_id: str | None = None, *, about: str = "") -> list[EsetLicence]:
        """All licences, or those of one customer (search_licenses); a row that does not tell all is asked for on its own."""
        body = {"keyword": "", **({"customerId": customer_id} if customer_id else {})}
        return [self._whole(row, about=about) for row in self._calls.rows("Search/Licenses", body, "search", about=about)]

    def licence(self, public_key: str, *, about: str) -> EsetLicence:
        """One licence (license_detail)."""
        value = self._calls.call("License/Detail", {"publicLicenseKey": public_key}, about=about, of_one=True)
        return self._calls.read(read_licence, value, action=f"License/Detail {about}")

    def order(self, customer_id: str, product_code: str, quantity: int, *, trial: bool, about: str) -> str:
        """Order a licence for a customer; returns its public key (license_order). Raises `Refused` 20: there is one already."""
        body = {"quantity": quantity, "productCode": product_code, "customerId": customer_id}
        body["licenseType"] = _TRIAL if trial else _FULL
        value = self._calls.call("License/Order", body, about=about, changes=True)
        return self._public_key(value, action=f"License/Order {about}")

    def convert(self, public_key: str, quantity: int, *, about: str) -> str:
        """Make a trial a full licence; returns its public key, which may be a new one (license_convert)."""
        body = {"publicLicenseKey": public_key, "quantity": quantity}
        value = self._calls.call("License/ConvertToFull", body, about=about, changes=True, of_one=True)
        return self._public_key(value, action=f"License/ConvertToFull {about}")

    def suspend(self, public_key: str, *, about: str) -> None:
        """Suspend a licence; one that is suspended stays so (license_suspend, 21)."""
        self._change("License/Suspend", public_key, about=about, harmless=(answers.ALREADY_SUSPENDED,))

    def resume(self, public_key: str, *, about: str) -> None:
        """Resume a licence; one that is not suspended stays so (License/Unsuspend, 22 and 36)."""
        self._change("License/Unsuspend", public_key, about=about, harmless=answers.ALREADY_RESUMED)

    def update_quantity(self, public_key: str, quantity: int, *, about: str) -> None:
        """Set the number of seats, up or down (license_update; 48: it is that already)."""
        body = {"quantity": quantity}
        self._change("License/UpdateQuantity", public_key, body, about=about, harmless=(answers.SAME_QUANTITY,))

    def extend_trial(self, public_key: str, *, about: str) -> None:
        """Let a trial run 30 days longer, which can be done twice (license_extend)."""
        self._change("License/ExtendTrial", public_key, about=about)

    def remove_trial(self, public_key: str, *, about: str) -> None:
        """Remove a trial; a full licence cannot be removed (license_remove, `Refused` 24)."""
        self._change("License/Remove", public_key, about=about)

    def _change(
        self,
        call: str,
        public_key: str,
        body: Mapping[str, Any] | None = None,
        *,
        about: str,
        harmless: tuple[int, ...] = (),
    ) -> None:
        """A change of one licence, answered by an empty JSON; a refusal in *harmless* says that it is so already."""
        try:
            self._calls.call(call, {**(body or {}), "publicLicenseKey": public_key}, about=about, changes=True, of_one=True)
        except Refused as error:
            if error.sub_code not in harmless:
                raise

    def _address(self) -> dict[str, str]:
        given = {
            "streetAddress": self._options.address_street,
            "city": self._options.address_city,
            "zipCode": self._options.address_zip,
            "state": self._options.address_state,
        }
        return {name: value for name, value in given.items() if value}

    def _whole(self, row: Row, *, about: str) -> EsetLicence:
        if not is_whole(row):
            return self.licence(str(row.get("publiclicensekey")), about=about)
        return self._calls.read(read_licence, row, action=f"Search/Licenses {about}")

    def _public_key(self, value: Any, *, action: str) -> str:
        """The public key in an answer. Assumption: it stands there as ``publicLicenseKey``, or is all that the answer holds."""
        found = value.get("publiclicensekey") if isinstance(value, dict) else value
        if not isinstance(found, str) or not found:
            self._calls.unreadable("it holds no licence key", action=action, changes=True)
        return found


def _told(value: Any) -> Row:
    """What Company/Create/customer answers of the new company. Assumption: its id, of its own or in an object."""
    if not isinstance(value, dict):
        return {"id": value}
    inner = next((value[name] for name in ("company", "customer") if isinstance(value.get(name), dict)), value)
    return dict(inner)
