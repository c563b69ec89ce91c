"""A message that cannot be written down is given up, and does not keep the others waiting."""

from sqlalchemy import update

from integration.people.conftest import PASSWORD, House
from isp_addons.services import password_hash
from isp_addons.store.tables import Mail
from servers.smtp import mail_server


def test_a_message_with_a_line_break_in_its_subject_is_given_up_and_the_next_is_sent(house: House) -> None:
    house.invites("anna@example.net")
    house.invites("bert@example.net")
    with house.store.write() as session:
        subject = "Hello\r\nBcc: all@example.net"
        session.execute(update(Mail).where(Mail.recipient == "anna@example.net").values(subject=subject))
    with mail_server() as box:
        done = house.sends_to(box.port).run(house.now)
        assert (done.sent, done.given_up, done.waiting) == (1, 1, 0)
        assert [len(box.to(each)) for each in ("anna@example.net", "bert@example.net", "all@example.net")] == [0, 1, 0]


def test_a_password_is_compared_as_long_for_who_is_not_known() -> None:
    """The hash that stands for nobody's was made with the same parameters as everybody's, and fits no password."""
    nobodys, somebodys = password_hash._NOBODYS, password_hash.hashed(PASSWORD)
    assert nobodys.split("$")[:4] == somebodys.split("$")[:4]
    assert not password_hash.fits("a password that nobody has", "")
    assert password_hash.fits(PASSWORD, somebodys)
