"""The bare side: the same writes into the same tables by hand-written set-based SQL, without the product."""

from typing import Any

from benchmarks.small_isp import END, NEXT_END

_TOTALS = """
CREATE TEMPORARY TABLE totals AS
SELECT s.account_id AS account_id, sum(s.price) AS total, l.balance + l.credit - l.base_price >= sum(s.price) AS pays
FROM subscription s JOIN ledger_account l ON l.account_id = s.account_id
WHERE s.status = 'running' AND s.plan = 'recurring' AND NOT l.unlimited
GROUP BY s.account_id, l.balance, l.credit, l.base_price
"""
_HELD = "SELECT s.id FROM subscription s JOIN totals t ON t.account_id = s.account_id WHERE NOT t.pays"
_PAYING = "FROM subscription s JOIN totals t ON t.account_id = s.account_id WHERE t.pays"
_AUDIT = (
    "INSERT INTO audit (at, actor, source, subject, subject_id, field, before, after, why) SELECT :now, 'bare', 'timetable', "
)
STATEMENTS = (
    _TOTALS,
    "CREATE INDEX totals_account ON totals (account_id)",
    f"INSERT INTO hold (subscription_id, owner, since, note) SELECT id, 'forecast', :end, 'cannot pay' FROM ({_HELD}) AS held",
    f"{_AUDIT} 'subscription', id, 'hold_forecast', NULL, 'stands', 'cannot pay' FROM ({_HELD}) AS held",
    f"{_AUDIT} 'licence', id, 'wanted_state', wanted_state, 'suspended', 'cannot pay' FROM licence "
    f"WHERE subscription_id IN ({_HELD})",
    "UPDATE licence SET wanted_state = 'suspended', for_forecast = :yes, suspend_from = :end, next_try_at = :now, tries = 0 "
    f"WHERE subscription_id IN ({_HELD})",
    "INSERT INTO ledger_entry (account_id, amount, kind, key, note, at) "
    "SELECT account_id, -base_price, 'base', 'base-' || account_id || '-1', 'tariff', :now FROM ledger_account "
    "WHERE base_price <> 0",
    "INSERT INTO ledger_entry (account_id, amount, kind, key, note, at) "
    f"SELECT s.account_id, -s.price, 'add_on', 'add_on-' || s.id || '-1', 'add-on', :now {_PAYING}",
    "INSERT INTO charge (subscription_id, part, period_start, period_end, amount, at) "
    f"SELECT s.id, 0, :end, :next_end, s.price, :now {_PAYING}",
    "UPDATE ledger_account SET balance = balance - base_price - coalesce((SELECT total FROM totals t "
    "WHERE t.account_id = ledger_account.account_id AND t.pays), 0), period_start = :end, period_end = :next_end",
    f"{_AUDIT} 'subscription', s.id, 'paid_until', s.paid_until, :next_end_text, 'paid' {_PAYING}",
    f"UPDATE subscription SET paid_until = :next_end WHERE id IN (SELECT s.id {_PAYING})",
    "DROP TABLE totals",
)


def run(connection: Any) -> None:
    """All statements in one transaction of a SQLAlchemy *connection*."""
    from sqlalchemy import text

    postgresql = connection.dialect.name == "postgresql"
    values = {
        "now": END if postgresql else _stored(END),
        "end": END if postgresql else _stored(END),
        "next_end": NEXT_END if postgresql else _stored(NEXT_END),
        "next_end_text": _stored(NEXT_END),
        "yes": True if postgresql else 1,
    }
    for statement in STATEMENTS:
        sql = statement.replace("s.paid_until, :next_end_text", "cast(s.paid_until AS text), cast(:next_end_text AS text)")
        if postgresql:
            for name in ("now", "end", "next_end"):
                sql = sql.replace(f":{name},", f"cast(:{name} AS timestamptz),").replace(
                    f":{name} ", f"cast(:{name} AS timestamptz) "
                )
        used = {name: value for name, value in values.items() if f":{name}" in sql}
        connection.execute(text(sql), used)
        if statement is STATEMENTS[1] and postgresql:
            connection.execute(text("ANALYZE totals"))


def _stored(moment: Any) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S.000000")
