"""Wanted ≠ seen → the vendor. The only place that calls vendors, and never inside a transaction."""
