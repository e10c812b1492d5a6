# Every command of this repository. `make help` lists them.

.DEFAULT_GOAL := help
.PHONY: help run test test-clients fuzz bench package bindings check advisories fmt

# Where the developer tools go that `make check` installs; nothing outside the repository is touched.
TOOLS := target/tools
CARGO_DENY_VERSION := 0.20.2
CARGO_FUZZ_VERSION := 0.13.2
TYPOS_VERSION := 1.52.0

# rustup's own folder is not on PATH in the shell that has just installed it.
export PATH := $(HOME)/.cargo/bin:$(PATH)
RUST_VERSION := $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)

# Where programs are built to; tests that start them are told so.
built := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)/debug

# mold links faster where it is installed. `mold -run` stands in for the linker without changing
# any flag, so that cargo sees the same build with and without it.
link := $(if $(shell command -v mold 2>/dev/null),mold -run)

help: ## lists these commands
	@grep -E '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | awk -F ':.*## ' '{ printf "  make %-14s %s\n", $$1, $$2 }'

# Where there is a display, the application itself, on a first start with the demo; otherwise the demo without a window.
ifneq ($(DISPLAY)$(WAYLAND_DISPLAY),)
run: | build-packages desktop-packages rust ## installs what is missing, builds, and starts Sluice (a demo until a channel is set up)
	@packaging/window.sh
	@$(link) cargo build --locked --package sluice --package sluice-desktop
	@cargo run --quiet --locked --package sluice-desktop -- --demo-if-new
else
run: | build-packages rust ## installs what is missing, builds, and serves the demo on http://127.0.0.1:7584
	@$(link) cargo build --locked --package sluice
	@cargo run --quiet --locked --package sluice -- serve --demo
endif

test: | build-packages desktop-packages test-packages rust ## runs every test: the window, Rust, real proxies, a browser, the official SDKs
	ui/run.sh check test
	packaging/window.sh
	$(link) cargo build --workspace --all-targets --locked
	SLUICE_BUILT=$(built) cargo test --workspace --locked
	SLUICE_BIN=$(built)/sluice tests/sdk/run.sh

test-clients: | build-packages desktop-packages test-packages rust ## drives Claude Code, Codex, Gemini CLI, opencode, goose and aider through channels of every protocol
	tests/clients/run.sh

# The toolchain is stable, and libFuzzer wants to name flags that are not: they choose what is instrumented, no more.
FUZZ_SECONDS ?= 600
FUZZ_TARGETS ?= sse $(foreach kind,request stream,$(foreach protocol,chat responses messages gemini,$(kind)_$(protocol)))
fuzz_crate := src-tauri/crates/wire/fuzz

fuzz: | build-packages rust $(TOOLS)/bin/cargo-fuzz ## looks for bytes that break a decoder, FUZZ_SECONDS (600) for each
	SLUICE_WRITE_SEEDS=$(CURDIR)/target/fuzz/seeds cargo test --quiet --locked --package sluice-wire --test corpus
	@for target in $(FUZZ_TARGETS); do \
		mkdir -p target/fuzz/found/$$target && \
		RUSTC_BOOTSTRAP=1 $(TOOLS)/bin/cargo-fuzz run --fuzz-dir $(fuzz_crate) --target-dir target/fuzz/build \
			--sanitizer none $$target target/fuzz/found/$$target target/fuzz/seeds/$$target \
			-- -max_total_time=$(FUZZ_SECONDS) -max_len=65536 -timeout=20 || exit 1; \
	done

bench: | build-packages bench-packages rust ## measures CPU per request beside nginx
	tests/bench/run.sh

package: | build-packages desktop-packages package-packages rust ## makes the .deb and the .rpm in target/release/bundle
	packaging/window.sh
	packaging/bundle.sh

bindings: | build-packages rust ## writes the window's types from the table of operations
	SLUICE_WRITE_BINDINGS=1 cargo test --quiet --locked --package sluice-admin --test bindings

check: | build-packages desktop-packages rust $(TOOLS)/bin/cargo-deny $(TOOLS)/bin/typos ## formatting, lints, licences, duplicates, spelling
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	ui/run.sh check
	$(TOOLS)/bin/cargo-deny --all-features --locked check bans licenses sources
	$(TOOLS)/bin/typos

advisories: | build-packages rust $(TOOLS)/bin/cargo-deny ## known vulnerabilities in the dependencies; needs the network
	$(TOOLS)/bin/cargo-deny --all-features --locked check advisories

fmt: | rust ## formats the code
	cargo fmt --all

.PHONY: rust build-packages desktop-packages test-packages bench-packages package-packages
build-packages desktop-packages test-packages bench-packages package-packages:
	@tests/system-packages.sh $(@:-packages=)

# The only step that fetches a toolchain; it does nothing where cargo is new enough.
rust: | build-packages
	@printf '%s\n' $(RUST_VERSION) "$$(cargo --version 2>/dev/null | cut -d ' ' -f 2)" | sort -CV || { \
		mkdir -p target && \
		curl --proto '=https' --tlsv1.2 -sSfL https://sh.rustup.rs -o target/rustup-init.sh && \
		sh target/rustup-init.sh -y --no-modify-path --profile default --default-toolchain stable; }

$(TOOLS)/bin/cargo-deny: | rust
	cargo install --quiet --locked --root $(TOOLS) cargo-deny@$(CARGO_DENY_VERSION)

$(TOOLS)/bin/typos: | rust
	cargo install --quiet --locked --root $(TOOLS) typos-cli@$(TYPOS_VERSION)

$(TOOLS)/bin/cargo-fuzz: | rust
	cargo install --quiet --locked --root $(TOOLS) cargo-fuzz@$(CARGO_FUZZ_VERSION)
