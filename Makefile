# `make demo` builds the frontend and the images of examples/hello, and runs them.
# `make test` passes all tests. Both set up what they need below target/.

TRIPLE := $(shell rustc -vV | sed -n 's/^host: //p')
TARGET := $(or $(CARGO_TARGET_DIR),target)
FRONTEND := $(abspath $(TARGET))/$(TRIPLE)/release/layerset
# Jobs of make's are for make alone: cargo asks for a way to them that make gives to no other program.
CARGO := MAKEFLAGS= cargo
STEP = @printf '\n==> %s\n'

.PHONY: help demo test lint unit oracle e2e engines frontend bench bench-parts clean-engine

help:
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

frontend: ## build the static binary of the frontend
	$(STEP) "the frontend, static and optimised"
	RUSTFLAGS="-C target-feature=+crt-static" $(CARGO) build --release --locked --target $(TRIPLE) -p layerset
	@ls -l $(FRONTEND)

demo: frontend ## build and run the services of examples/hello
	$(STEP) "examples/hello"
	FRONTEND=$(FRONTEND) examples/demo.sh

# Linking takes one processor for minutes, and some tests wait for the network: all that needs no engine is done side by side.
# What each says comes when it is done.
test: ## run every test, on real engines too
	$(STEP) "lints, the frontend and tests without an engine, side by side: this takes minutes"
	@$(MAKE) --no-print-directory --jobs=4 --output-sync=target lint frontend unit oracle
	@$(MAKE) --no-print-directory engines

lint:
	$(STEP) "formatting"
	$(CARGO) fmt --all --check
	$(STEP) "lints"
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(STEP) "licences, bans and advisories"
	MAKEFLAGS= tests/deny.sh

# Those with one are built here too, beside all else.
unit:
	$(STEP) "tests without an engine"
	$(CARGO) test --workspace --exclude layerset-e2e --locked
	$(CARGO) build -q --locked -p layerset-e2e --bin engine --tests

oracle:
	$(STEP) "our LLB against that of the published crate"
	$(CARGO) test --manifest-path llb/oracle/Cargo.toml --target-dir $(TARGET) --locked

e2e: frontend
	@$(MAKE) --no-print-directory engines

engines:
	$(STEP) "tests on real engines"
	LAYERSET_FRONTEND=$(FRONTEND) tests/e2e.sh

bench: frontend ## measure 22 services beside the best hand-made Dockerfile: BENCH="--docs" or other options
	$(STEP) "examples/trading: before, hand-made, Layerset"
	$(CARGO) build -q --locked -p layerset-e2e --bin engine
	bench/trading/run.py --frontend $(FRONTEND) --engine $(TARGET)/debug/engine $(BENCH)

bench-parts: frontend ## measure the parts that the documentation gives figures for
	LAYERSET_FRONTEND=$(FRONTEND) bench/run.sh

clean-engine: ## stop the private engines and delete them
	$(CARGO) run -q -p layerset-e2e --bin engine -- down
	rm -rf target/engine
