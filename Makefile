# `make demo` and `make test` are each the one command on a machine with Python 3.11, pip and make:
# they make .venv, install the locked versions and do the job.

# torch is installed by version alone, without the CUDA packages that its CUDA build needs. Where pip finds no CPU build,
# name the index that has one: make demo TORCH="torch==2.13.0 --index-url INDEX" (pytorch.org says which it is).
TORCH ?= torch==2.13.0
PYTHON ?= $(shell for p in python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test test-slow test-exports browser lint lock wheel clean

demo: .venv/runtime.done
	$(BIN)/curate demo --out demo

# In two processes, a file's tests in one of them.
test: .venv/test.done
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile

test-slow: .venv/test.done
	$(BIN)/python -m pytest -m slow

# Debian's Chromium and a font with Chinese characters, for the tests that open pages; they are skipped without.
browser:
	@if command -v chromium >/dev/null && fc-list :lang=zh family | grep -q .; then echo "chromium and a Chinese font are there"; else \
		as_root=$$([ "$$(id -u)" = 0 ] || echo sudo); $$as_root apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive $$as_root apt-get install -y -qq --no-install-recommends chromium fontconfig fonts-noto-cjk; fi

# Exports read, and trained on, by the libraries they are for: each in an environment below ~/.cache/curate-exports, made
# once (6 GB and some ten minutes).
test-exports: .venv/test.done
	$(BIN)/python performance/exports/check.py

lint: .venv/test.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# A wheel in dist/, with the quickstart recipe, its samples and the learned judges inside.
wheel: .venv/runtime.done
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .

# Asks pip what it would install now, and writes it to the lock files.
lock: .venv/runtime.done
	$(BIN)/python requirements.py

clean:
	rm -rf .venv build dist demo *.egg-info

.venv/runtime.done: requirements.lock pyproject.toml setup.py
	@test -n "$(PYTHON)" || { echo "Python 3.11 was not found on PATH; install it, or say make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Installing the locked versions into .venv: once, about two minutes"
	$(PYTHON) -m venv .venv
	$(PIP) --no-deps $(TORCH)
	$(PIP) --require-hashes --no-deps --requirement requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@$(BIN)/python -c "import torch" || { echo "torch does not load: see TORCH in the Makefile"; exit 1; }
	@touch $@

.venv/test.done: .venv/runtime.done requirements-test.lock
	$(PIP) --require-hashes --no-deps --requirement requirements-test.lock
	@touch $@
