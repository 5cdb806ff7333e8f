# Every target installs what it needs into .venv and the per-user cache; nothing else is touched.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test check bench up clean lock contracts

PYTHON ?= python3
# Relative, so that a folder with a space in its name does no harm.
BIN := .venv/bin
READY := .venv/.ready
MEMBERS := $(wildcard libs/*/pyproject.toml services/*/pyproject.toml docs/examples/*/pyproject.toml)

help: ## List the targets
	@grep -hE '^[a-z]+:.*##' Makefile | sed 's/:.*## /\t/' | expand -t 12

demo: $(READY) ## Train, register, roll out, drift, retrain, replay: the whole story; then stay up
	@exec $(BIN)/rollbook demo $(ARGS)

up: $(READY) ## Start the whole system and stay up
	@exec $(BIN)/rollbook up $(ARGS)

test: $(READY) ## Run all tests on a real Kafka and a real Postgres
	@exec $(BIN)/poe -q test $(ARGS)

check: $(READY) ## Format, lint, import contracts, types
	@exec $(BIN)/poe -q check

bench: $(READY) ## Measure; ONLY=prefix for a part
	@exec $(BIN)/python -m tests.bench $(if $(ONLY),--only $(ONLY))

contracts: $(READY) ## Generate contracts/ and the reference docs from the types
	@exec $(BIN)/python -m tests.contracts.generate

lock: $(BIN)/uv ## Resolve the dependencies again (needs the network)
	@UV_NO_CONFIG=1 $(BIN)/uv pip compile --universal --generate-hashes --python-version 3.11 \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet --upgrade \
	  $(patsubst %,--no-emit-package rollbook-%,$(notdir $(patsubst %/pyproject.toml,%,$(MEMBERS)))) \
	  --no-emit-package rollbook-example-gate \
	  --group dev pyproject.toml -o requirements.lock

clean: ## Remove the virtual environment and the data of `make up` and `make demo`
	@rm -rf .venv .data .bench

$(BIN)/uv: requirements-uv.lock
	@infra/bootstrap venv "$(PYTHON)"

$(READY): $(BIN)/uv requirements.lock pyproject.toml $(MEMBERS)
	@infra/bootstrap all
