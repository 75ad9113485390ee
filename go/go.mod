module github.com/sergo-rs/sergo/go

go 1.24
