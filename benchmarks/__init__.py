"""Ratios against stated limits, both sides measured in the same run. ``python -m benchmarks`` prints the table."""
