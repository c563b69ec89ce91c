# `make demo` and `make test` need nothing but this folder, python3 and a package index: they make .venv themselves.

.DEFAULT_GOAL := help
.PHONY: help demo test check bench setup clean
MAKEFLAGS += --no-print-directory

help: ## list what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS='	' read -r name does; do \
		printf '  make %-7s %s\n' "$$name" "$$does"; done

demo: setup ## see it work: a billing, a vendor and a subscriber on this machine
	@.venv/bin/isp-addons demo

test: setup ## run all tests; TESTS=tests/unit runs some
	@tools/test-servers
	@.venv/bin/pytest -n 2 --dist worksteal $(TESTS)

check: setup ## format, lint, types, imports, shell scripts, wheel
	@tools/check

bench: setup ## measure; prints a table
	@.venv/bin/python -m benchmarks

setup: ## make .venv, or renew it after pyproject.toml changed
	@tools/setup

clean: ## delete .venv and all that was made from the sources
	rm -rf .venv build dist demo .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
