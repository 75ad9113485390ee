package sergo

import (
	"encoding/binary"
	"math"
	"sync"
)

// A pack is a request as one block of bytes, in which it crosses to the library
// at once. Little endian throughout; a text is its length in bytes, then these
// bytes; an absent text has the length 0xFFFFFFFF.
//
//	u32  port, or 0xFFFFFFFF for none
//	text host, method, path, scheme, client, hash, caller namespace, caller gateway
//	u32  number of caller labels, or 0xFFFFFFFF for the engine's own; then per label: text name, text value
//	u32  number of headers; then per header: text name, text value
//
// Where headers were selected, the version of the rules that they were selected for
// stands before their number: 0xFFFFFFFF, then the version as u64.
//
// A call of a remote procedure goes on:
//
//	text service, method
//	u32  number of arguments; then per argument: text type, text value
//	u32  number of attachments; then per attachment: text name, text value
type pack struct{ bytes []byte }

const absent = math.MaxUint32

// maxPack bounds what a kept pack may hold on to, in bytes.
const maxPack = 64 << 10

var packs = sync.Pool{New: func() any { return new(pack) }}

// request packs a request in place of what was there, with the selected headers
// alone; nil is all.
func (p *pack) request(r *Request, selected *selection) {
	if cap(p.bytes) > maxPack {
		p.bytes = nil
	}
	p.bytes = p.bytes[:0]
	if r.Port == 0 {
		p.number(absent)
	} else {
		p.number(uint32(r.Port))
	}
	p.text(r.Host)
	p.textIfAny(r.Method)
	p.textIfAny(r.Path)
	p.textIfAny(r.Scheme)
	p.textIfAny(r.Client)
	p.textOrNil(r.Hash)
	p.textIfAny(r.Caller.Namespace)
	p.textIfAny(r.Caller.Gateway)
	if r.Caller.Labels == nil {
		p.number(absent)
	} else {
		p.pairs(r.Caller.Labels)
	}
	p.headers(r.Header, selected)
	if r.RPC != nil {
		p.rpc(r.RPC)
	}
}

func (p *pack) headers(header map[string][]string, selected *selection) {
	if selected != nil {
		p.number(absent)
		p.bytes = binary.LittleEndian.AppendUint64(p.bytes, selected.version)
	}
	place, count := len(p.bytes), uint32(0)
	p.number(count)
	for name, values := range header {
		if selected != nil && !selected.has(name) {
			continue
		}
		for _, value := range values {
			p.text(name)
			p.text(value)
			count++
		}
	}
	binary.LittleEndian.PutUint32(p.bytes[place:], count)
}

func (p *pack) rpc(call *RPC) {
	p.text(call.Service)
	p.text(call.Method)
	p.number(uint32(len(call.Arguments)))
	for _, argument := range call.Arguments {
		p.textOrNil(argument.Type)
		p.textOrNil(argument.Value)
	}
	p.pairs(call.Attachments)
}

func (p *pack) pairs(pairs map[string]string) {
	p.number(uint32(len(pairs)))
	for name, value := range pairs {
		p.text(name)
		p.text(value)
	}
}

func (p *pack) number(n uint32) {
	p.bytes = binary.LittleEndian.AppendUint32(p.bytes, n)
}

func (p *pack) text(text string) {
	p.number(uint32(len(text)))
	p.bytes = append(p.bytes, text...)
}

// textIfAny is text, but absent when empty.
func (p *pack) textIfAny(text string) {
	if text == "" {
		p.number(absent)
		return
	}
	p.text(text)
}

// textOrNil is text, but absent when nil.
func (p *pack) textOrNil(text *string) {
	if text == nil {
		p.number(absent)
		return
	}
	p.text(*text)
}
