"""Mail goes out once, over real SMTP, however the server behaves."""

import socket
import ssl
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from integration.people.conftest import House
from isp_addons.domain.problem import ConfigProblem
from isp_addons.store.tables import Mail
from isp_addons.workers.mail_out import MOST_TRIES
from servers.smtp import mail_server

ANNA = "anna@example.net"


def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_what_is_sent_keeps_no_text_and_is_not_sent_again(house: House) -> None:
    house.invites(ANNA)
    with mail_server() as box:
        assert house.sends_to(box.port).run(house.now).sent == 1
        assert house.sends_to(box.port, later=timedelta(days=1)).run(house.now).sent == 0

    assert [message["To"] for message in box.messages] == [ANNA]
    (mail,) = house.mails()
    assert (mail.body, mail.tries, mail.sent_at is not None) == ("", 1, True)


def test_two_workers_send_each_message_once(house: House) -> None:
    for number in range(25):
        house.invites(f"p{number}@example.net")
    with mail_server() as box:
        outs = [house.sends_to(box.port) for _ in range(3)]
        threads = [threading.Thread(target=out.run, args=(house.now,)) for out in outs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)

    assert sorted(message["To"] for message in box.messages) == sorted(f"p{number}@example.net" for number in range(25))


def test_one_refused_address_does_not_stop_the_others(house: House) -> None:
    for email in ("a@example.net", "b@example.net", "c@example.net"):
        house.invites(email)
    with mail_server() as box:
        box.refusals = {"a@example.net": "550 unknown", "b@example.net": "450 try later"}
        done = house.sends_to(box.port).run(house.now)

    assert (done.sent, done.waiting, done.given_up) == (1, 1, 1)
    states = {mail.recipient: (mail.given_up_at is not None, mail.failure, mail.body == "") for mail in house.mails()}
    assert states["a@example.net"] == (True, "550 unknown", True)
    assert states["b@example.net"] == (False, "450 try later", False)


def test_a_message_that_is_refused_for_good_is_given_up(house: House) -> None:
    house.invites(ANNA)
    with mail_server() as box:
        box.answer = "554 5.7.1 spam\r\n"
        done = house.sends_to(box.port).run(house.now)

    assert (done.given_up, house.mails()[0].failure) == (1, "554 5.7.1 spam")


def test_a_server_that_is_down_is_tried_at_longer_and_longer_intervals(house: House) -> None:
    house.invites(ANNA)
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    waits = []
    for _ in range(8):
        assert house.sends_to(port).run(house.now).waiting == 1
        due = house.mails()[0].next_try_at
        waits.append(int((due - house.now).total_seconds() // 60))
        house.now = due

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert house.mails()[0].body != ""


def test_after_the_last_try_it_is_given_up(house: House) -> None:
    house.invites(ANNA)
    with house.store.write() as session:
        session.execute(update(Mail).values(tries=MOST_TRIES - 1))
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]

    assert house.sends_to(port).run(house.now).given_up == 1
    assert house.mails()[0].body == ""


def test_a_server_that_says_nothing_is_given_up_in_time(house: House) -> None:
    house.invites(ANNA)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = house.sends_to(silent.getsockname()[1], timeout=0.5).run(house.now)

    assert (done.waiting, "timed out" in done.said) == (1, True)


def test_starttls_and_login_reach_a_server_that_wants_them(house: House, certificate: Path) -> None:
    house.invites(ANNA)
    with mail_server(tls=tls(certificate), login=("isp", "hunter2")) as box:
        out = house.sends_to(box.port, security="starttls", ca_file=certificate, login="isp", password=lambda: "hunter2")
        assert out.run(house.now).sent == 1

    assert box.encrypted == [True]


def test_tls_from_the_first_byte(house: House, certificate: Path) -> None:
    house.invites(ANNA)
    with mail_server(tls_at_once=tls(certificate)) as box:
        assert house.sends_to(box.port, security="tls", ca_file=certificate).run(house.now).sent == 1

    assert box.encrypted == [True]


def test_a_certificate_that_nobody_vouches_for_is_refused(house: House, certificate: Path) -> None:
    house.invites(ANNA)
    with mail_server(tls=tls(certificate)) as box:
        done = house.sends_to(box.port, security="starttls").run(house.now)

    assert (done.waiting, box.messages) == (1, [])
    assert "certificate" in done.said


def test_a_server_without_starttls_gets_nothing_in_the_clear(house: House) -> None:
    house.invites(ANNA)
    with mail_server() as box:
        done = house.sends_to(box.port, security="starttls").run(house.now)

    assert (done.waiting, box.messages) == (1, [])
    assert "STARTTLS" in done.said


def test_a_wrong_password_waits_and_is_not_told(house: House, certificate: Path) -> None:
    house.invites(ANNA)
    with mail_server(tls=tls(certificate), login=("isp", "hunter2")) as box:
        out = house.sends_to(box.port, security="starttls", ca_file=certificate, login="isp", password=lambda: "wrong-one")
        done = out.run(house.now)

    assert (done.waiting, box.messages) == (1, [])
    assert "535" in done.said
    assert "wrong-one" not in repr(house.mails()[0].failure)


def test_a_password_that_cannot_be_read_leaves_mail_as_it_is(house: House) -> None:
    def missing() -> str:
        raise ConfigProblem("the environment variable MAIL is not set or empty")

    house.invites(ANNA)
    out = house.sends_to(1, login="isp", password=missing)

    with pytest.raises(ConfigProblem, match="MAIL"):
        out.run(house.now)
    out.look(house.now + timedelta(hours=1))

    assert (house.mails()[0].tries, house.mails()[0].body != "") == (0, True)
