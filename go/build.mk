# The Go module in go/, and the example in examples/go.

GO_PLATFORM := $(shell go env GOOS GOARCH 2>/dev/null | paste -sd _)
GO_LIB := go/internal/lib/$(GO_PLATFORM)/libsergo.a
GO_OUT := $(TARGET)/go

# Nor does the Go tool notice that the header has changed, which lies outside the module:
# what was compiled with another one is not taken from its cache.
export CGO_CFLAGS := -O2 -g -DSERGO_HEADER=$(firstword $(shell cksum include/sergo.h))

PORT_go = $(GO_OUT)/conformance
DEMO_go = $(GO_OUT)/demo

.PHONY: go-build go-test go-lint go-fmt go-bench

# The Go tool does not notice that a linked library has changed: programs that
# were linked with the old one are thrown away, and tests are run with -count=1.
go-build:
	@mkdir -p $(dir $(GO_LIB)) $(GO_OUT)
	@cmp -s $(TARGET)/release/libsergo.a $(GO_LIB) || \
		{ cp $(TARGET)/release/libsergo.a $(GO_LIB) && rm -f $(PORT_go) $(DEMO_go); }
	go build -C go -o $(PORT_go) ./internal/conformance
	go build -C examples/go -o $(DEMO_go) .

go-test:
	go test -C go -timeout 3m -count=1 -tags sergo_testpanic ./...
	go test -C go -timeout 3m -count=1 -race -tags sergo_testpanic ./...
	go test -C go -timeout 3m -count=1 -tags sergo_testpanic,sergo_cgo .

go-lint: go-build
	@unformatted=$$(gofmt -l go examples/go); \
		[ -z "$$unformatted" ] || { echo "not as gofmt has it: $$unformatted (make go-fmt)"; exit 1; }
	go vet -C go -tags sergo_testpanic ./...
	go vet -C examples/go ./...

go-fmt:
	gofmt -w go examples/go

go-bench:
	go test -C go -run '^$$' -bench . -benchtime 1s .
	go test -C go -run '^$$' -bench . -benchtime 1x ./controlplane
