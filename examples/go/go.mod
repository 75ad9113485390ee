module github.com/sergo-rs/sergo/examples/go

go 1.24

require github.com/sergo-rs/sergo/go v0.0.0

replace github.com/sergo-rs/sergo/go => ../../go
