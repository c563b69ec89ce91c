"""What was paid by card, and by card is sold for some devices only, is used for those devices only."""

from datetime import timedelta

import pytest

from integration.spaces.conftest import START, Home
from isp_addons.domain.availability import Service
from isp_addons.domain.payment_method import Method
from isp_addons.domain.problem import Refused
from isp_addons.services import availability_rules, device_bundle
from isp_addons.store.tables.purchases import Purchase


@pytest.mark.parametrize("method", [Method.CARD, Method.DISTRIBUTOR])
def test_a_bundle_goes_to_devices_for_which_its_payment_is_good(home: Home, method: Method) -> None:
    service = Service(code="ajax_cloud_storage", card=True, card_devices=("IndoorCam",), products=("cloud-4",))
    edit = availability_rules.with_service(service)
    availability_rules.change(home.context, home.cause(), vendor="ajax", edit=edit)
    device_bundle.add_to_space(home.context, home.cause(), space_id=home.space, ref="HUB", kind="Hub")
    with home.context.store.write() as session:
        session.add(
            Purchase(
                key="p",
                account_id=1,
                amount=600,
                currency="EUR",
                method=method.value,
                status="active",
                subscription_id=home.bundle,
                created_at=START,
                expires_at=START + timedelta(days=1),
            )
        )

    def use(device: str) -> bool:
        return device_bundle.use_for(home.context, home.cause(home.pro), subscription_id=home.bundle, device=device)

    assert use("CAM-0") is True
    if method is Method.DISTRIBUTOR:
        assert use("HUB") is True
        return
    with pytest.raises(Refused) as caught:
        use("HUB")
    assert caught.value.code == "device_not_supported"
