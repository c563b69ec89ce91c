"""Bad configurations, databases, spool files and files of orders: named, and nothing changed."""

import os
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from acceptance.command import run_here
from acceptance.kit import MARCH_10, Isp

# The configuration


@pytest.mark.parametrize("section", ["database", "billing"])
def test_a_configuration_without_a_section_exits_78(shop: Isp, section: str) -> None:
    before = shop.dump()
    taken = shop.config.pop(section)
    shop.write_config()
    result = shop.process("order", "42", "av")
    assert (result.code, f"[{section}]" in result.err, str(shop.file) in result.err) == (78, True, True)
    shop.configure(section, **taken)
    assert shop.dump() == before


def test_all_mistakes_of_a_configuration_are_told_at_once_with_their_lines(shop: Isp) -> None:
    shop.configure("forecast", policy="by_luck", brake_share="2")
    shop.configure("vendor:avdesk", url="avdesk.example.net", concurrency="0")
    err = shop("plan", exits=78).err
    for part in ("[forecast] policy", "[forecast] brake_share", "[vendor:avdesk] concurrency"):
        assert part in err
    assert err.count(f"{shop.file}:") >= 3


def test_a_missing_configuration_names_the_file(tmp_path: Path) -> None:
    result = run_here("--config", str(tmp_path / "no.ini"), "plan")
    assert (result.code, str(tmp_path / "no.ini") in result.err) == (78, True)


# The database


def test_a_database_of_a_newer_version_is_left_alone(shop: Isp) -> None:
    engine = create_engine(shop.database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    for words in (("order", "42", "av"), ("init",), ("worker", "--once"), ("hook", "on_block", "--account", "42")):
        result = shop.refuses(*words, exits=78, names="newer than this isp-addons knows")
        assert "upgrade isp-addons" in result.err


def test_an_empty_database_says_init(isp: Isp, database_url: str) -> None:
    isp.configure("database", url=database_url)
    result = isp("plan", exits=78)
    assert "run: isp-addons init" in result.err


def test_init_makes_the_database_and_a_second_one_changes_nothing(isp: Isp, database_url: str) -> None:
    isp.configure("database", url=database_url)
    isp.database_url = database_url
    assert isp("init").row["changed"] is True
    before = isp.dump()
    assert isp("init").row["changed"] is False
    assert isp.dump() == before
    assert len(before["meta"]) == 1


# The spool


def test_a_spool_file_cut_in_half_is_put_aside_and_the_others_go_on(shop: Isp) -> None:
    assert shop.script("on_block", "42").code == 0
    (whole,) = shop.spool.glob("*.event")
    cut = shop.spool / "123-0.event"
    cut.write_bytes(whole.read_bytes()[:30])
    os.utime(cut, (1, 1))
    result = shop("spool", "ingest", exits=1)
    assert result.rows[0] == {"taken": 1, "known": 0, "handled": 1, "refused": 1}
    assert shop.held_by(1) == "billing"
    assert not list(shop.spool.glob("*.event"))
    assert "is cut in half" in (shop.spool / "refused" / "123-0.reason").read_text()


def test_a_spool_that_is_missing_is_named_by_doctor(shop: Isp) -> None:
    shop.configure("isp-addons", spool=str(shop.folder / "nowhere"))
    rows = {row["what"]: row for row in shop("doctor", exits=1).rows if "what" in row}
    assert rows["spool"]["result"] == "fails"
    assert str(shop.folder / "nowhere") in rows["spool"]["finding"]
    assert rows["database"]["result"] == rows["vendor avdesk"]["result"] == "works"


# A file of orders

HEADER = "account_id,product,quantity,price,priority,ordered_at\n"
GOOD = "42,av,1,150.00,1,2026-02-01T00:00:00Z\n"


def file_of_orders(isp: Isp, content: str | bytes) -> str:
    file = isp.folder / "orders.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(file)


def test_every_wrong_line_of_the_orders_is_named_and_none_is_imported(shop: Isp) -> None:
    wrong = [
        "4711,av,1,150.00,1,2026-02-01T00:00:00Z",
        "42,av,0,150.00,1,2026-02-01T00:00:00Z",
        "42,av,1,150.001,1,2026-02-01T00:00:00Z",
        "42,av,1,150.00,0,2026-02-01T00:00:00Z",
        "42,av,1,150.00,1,2026-02-01T00:00:00",
        "ACCOUNT_ID,av,1,150.00,1,2026-02-01T00:00:00Z",
        "42,,1,150.00,1,2026-02-01T00:00:00Z",
        "42,av,1,150,00,1,2026-02-01T00:00:00Z",
        "42,av",
    ]
    content = HEADER + GOOD + "\n".join(wrong) + "\n"
    result = shop.refuses("orders", "import", file_of_orders(shop, content), exits=2, names="Nothing was imported")
    told = [line.split(":")[1] for line in result.err.splitlines() if line.startswith("orders.csv:")]
    assert told == ["4", "5", "6", "7", "8", "9", "10", "11"]

    found = shop.refuses("orders", "import", file_of_orders(shop, HEADER + GOOD + wrong[0]), exits=2, names="orders.csv:3:")
    assert "there is no account '4711'" in found.err
    unknown = HEADER + "42,nod,1,1,1,2026-02-01T00:00:00Z\n"
    shop.refuses("orders", "import", file_of_orders(shop, unknown), exits=2, names="orders.csv:2: there is no product 'nod'")
    shop.refuses("orders", "import", file_of_orders(shop, HEADER + GOOD + GOOD), exits=2, names="stands in line 2 already")


def test_a_file_that_is_none_is_named(shop: Isp) -> None:
    for content, names in {
        "\xff\xfe": "is not a CSV file in UTF-8",
        "": "columns are missing: account_id",
        "account_id;product\n": "columns are missing",
        HEADER.replace("priority,", "") + GOOD: "columns are missing: priority",
        HEADER + '42,"av,1,1,1,2026-02-01T00:00:00Z\n': "is not a CSV file",
    }.items():
        raw = content.encode("latin-1")
        shop.refuses("orders", "import", file_of_orders(shop, raw), exits=2, names=names)
    shop.refuses("orders", "import", str(shop.folder / "no.csv"), exits=2, names="no.csv cannot be read: No such file")
    shop.refuses("orders", "import", str(shop.folder), exits=2, names="cannot be read: Is a directory")


def test_good_orders_are_imported_once(shop: Isp) -> None:
    file = file_of_orders(shop, "\ufeff" + HEADER.replace("\n", "\r\n") + GOOD)
    shop.at = MARCH_10
    assert shop("orders", "import", file).row["new"] == 1
    before = shop.dump()
    assert shop("orders", "import", file).row == {"new": 0, "known": 1, "deleted": 0, "products": []}
    assert shop.dump() == before
