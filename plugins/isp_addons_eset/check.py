"""What `check_vendor` looks at: the login, the company under which customers are made, how safe the way there is."""

from isp_addons_eset.client import EsetClient
from isp_addons_eset.options import EsetOptions


def findings(client: EsetClient, options: EsetOptions) -> tuple[str, ...]:
    """One sentence for each thing found in order, or worth knowing. Raises a `VendorError` for what cannot work."""
    own = client.own_company()
    parent = options.parent_company or own.id
    children = client.children(parent)
    ours = [each for each in children if each.key is not None]
    under = "it" if parent == own.id else f"the company {parent}"
    found = [
        f"The login belongs to {own.name or own.id}.",
        f"Under {under} there are {len(children)} companies; {len(ours)} of them bear the key of a licence.",
    ]
    if options.product_code:
        found.append(f"Products without a product_code of their own are ordered as {options.product_code}.")
    if options.url.startswith("http:"):
        found.append("The password crosses the network unencrypted: use https.")
    elif not options.verify_tls:
        found.append("The server's certificate is not checked: set verify_tls = yes, and ca_file for an authority of your own.")
    return tuple(found)
