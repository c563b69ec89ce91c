"""What `check_vendor` looks at: whether the service knows us, what will be ordered, how safe the way there is."""

from isp_addons_kaspersky.client import KasperskyClient
from isp_addons_kaspersky.options import KasperskyOptions, SuspendMode

NOBODY = "isp-addons-check"
"""A SubscriberId that no licence has: keys of licences end with two numbers."""

_MEANS = {SuspendMode.PAUSE: "Pause and Resume", SuspendMode.SOFT_CANCEL: "SoftCancel and Renew"}


def findings(client: KasperskyClient, options: KasperskyOptions) -> tuple[str, ...]:
    """One sentence for each thing found in order, or worth knowing. Raises a `VendorError` for what cannot work.

    Asks about a subscriber that does not exist: error 5 is the answer to somebody who is known.
    """
    client.look(NOBODY)
    found = [f"The service knows {options.user_name}.", f"Subscriptions are suspended by {_MEANS[options.suspend_mode]}."]
    if options.product_id:
        found.append(f"Products without a product_id of their own are ordered as {options.product_id}.")
    if options.url.startswith("http:"):
        found.append("The password crosses the network unencrypted: use https.")
    elif not options.verify_tls:
        found.append("The server's certificate is not checked: set verify_tls = yes, and ca_file for an authority of your own.")
    elif options.certificate is None:
        found.append("No client certificate is shown; set cert_file and key_file where Kaspersky issued one.")
    return tuple(found)
