"""The store: SQLAlchemy tables, migrations and the set-based statements over many accounts."""
