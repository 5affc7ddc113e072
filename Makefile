# Everything a developer, a release or CI does with Duebook. `make help` lists it.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Flags for the program that a target starts: make demo ARGS=--exit
ARGS ?=
# Packages that `make test`, `soak`, `fuzz` and `bench` look at: make test PKG=./internal/bill/...
PKG ?= ./...
# How long `make fuzz` and `make soak` spend on each fuzz target.
FUZZTIME ?= 60s

VERSION = $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# -buildvcs=false: a checkout owned by someone else (a container's mount) must build as well.
BUILD   := CGO_ENABLED=0 go build -trimpath -buildvcs=false
# What the tests need beside Go. The programs of the packages are listed in scripts/deps.sh.
TESTDEPS := postgres chromium poppler tesseract qpdf node gcc git sshd journal

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo '  ARGS=...      flags for the program: make demo ARGS=--exit'
	@echo '  PKG=...       packages to test (default ./...)'
	@echo '  FUZZTIME=60s  time for each fuzz target'

.PHONY: build
build: go ## Build bin/duebook: static, for this machine
	$(BUILD) -ldflags '-s -w -X main.version=$(VERSION)' -o bin/duebook ./cmd/duebook

.PHONY: demo
demo: build ## The main job end to end through the public API; stays up unless ARGS=--exit
	bin/duebook demo $(ARGS)

.PHONY: check
check: go format vet lint tidy fresh ## Format, vet, static analysis, module files, generated code

.PHONY: test
test: go bin/versitygw ## All tests in their short form, with the race detector, on SQLite and PostgreSQL
	scripts/deps.sh $(TESTDEPS)
	scripts/test.sh $(PKG)

.PHONY: soak
soak: go bin/versitygw ## The long loops: tests with SOAK=1, then every fuzz target
	scripts/deps.sh $(TESTDEPS)
	SOAK=1 scripts/test.sh $(PKG)
	scripts/fuzz.sh $(FUZZTIME) $(PKG)

.PHONY: fuzz
fuzz: go ## Every fuzz target for FUZZTIME
	scripts/fuzz.sh $(FUZZTIME) $(PKG)

.PHONY: pictures
pictures: go ## The pictures of the documentation, taken from the running product
	scripts/deps.sh chromium
	go test ./test/browser -run Pictures -args -pictures $(CURDIR)/docs/pictures

.PHONY: bench
bench: build ## The benchmark table of the program, then the benchmarks of the packages
	bin/duebook bench $(ARGS)
	CGO_ENABLED=0 go test -run '^$$' -bench . -benchmem -p 1 $(PKG)

.PHONY: conformance
conformance: ## Which numbers of the conformance checklists have a test, which are missing
	scripts/conformance.sh

.PHONY: generate
generate: go ## Write templ code and the web bundle anew
	scripts/generate.sh

.PHONY: fmt
fmt: go ## Format Go and templ sources
	go tool templ fmt .
	gofmt -s -w $$(go list -e -f '{{.Dir}}' ./...)

.PHONY: clean
clean: ## Remove what make built (not your data)
	rm -rf bin coverage.out

# Parts of `make check`, for impatient fingers.

.PHONY: format
format:
	@bad=$$(gofmt -s -l $$(go list -e -f '{{.Dir}}' ./...)); \
	if [[ -n $$bad ]]; then echo "not formatted (make fmt):" >&2; echo "$$bad" >&2; exit 1; fi

.PHONY: vet
vet:
	go vet ./...

.PHONY: lint
lint: bin/golangci-lint
	bin/golangci-lint run ./...

.PHONY: tidy
tidy:
	go mod tidy -diff

.PHONY: fresh
fresh:
	scripts/generate.sh --check

# Takes some minutes the first time, nothing afterwards.
bin/golangci-lint: tools/go.mod tools/go.sum
	@echo 'building golangci-lint, once: some minutes'
	CGO_ENABLED=0 go build -C tools -trimpath -buildvcs=false -o ../bin/ \
		github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

# The S3 server of the tests. Takes some minutes the first time, nothing afterwards.
bin/versitygw: tools/s3/go.mod tools/s3/go.sum
	@echo 'building versitygw, once: some minutes'
	CGO_ENABLED=0 go build -C tools/s3 -trimpath -buildvcs=false -o ../../bin/ github.com/versity/versitygw/cmd/versitygw
	@touch $@

.PHONY: go
go:
	@command -v go >/dev/null || { echo 'Duebook needs Go 1.26 or newer in PATH: https://go.dev/dl/' >&2; exit 1; }
