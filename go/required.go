package sergo

import (
	"strings"

	"github.com/sergo-rs/sergo/go/internal/native"
)

// Required names the parts of a request, beside its host, method, path and
// scheme, that rules look at.
type Required struct {
	// Version is the version of the rules that it holds for; 0 before the first.
	Version uint64 `json:"version"`
	// Headers are the headers, in lower case, sorted.
	Headers []string `json:"headers"`
	// Parameters are the query parameters, sorted.
	Parameters []string `json:"parameters"`
}

// Required tells what [Engine.Route] and [Engine.Pick] look at in requests to a
// host, until the rules change: nothing else need be in the [Request]. The engine
// hands no other headers to its library as it is, so this is for those who have to
// collect them. Errors are [*Error].
func (e *Engine) Required(host string) (Required, error) {
	var required Required
	answer, code := native.Required(e.handle, host)
	if code != native.OK {
		return required, failure("required", code)
	}
	err := decode("required", answer, &required)
	return required, err
}

// RequiredToLabel is [Engine.Required] for [Engine.Label].
func (e *Engine) RequiredToLabel() (Required, error) { return e.Required(labelling) }

// labelling stands for Label where a host is asked for.
const labelling = ""

// A selection is the headers that the rules of one version look at.
type selection struct {
	version uint64
	names   []string
	lengths uint64 // a bit for each length of a name, the last for all longer ones
}

// maxSelected is how many headers are worth being looked for.
const maxSelected = 32

func bitOf(name string) uint64 { return 1 << min(len(name), 63) }

// has says whether a header of this name, in any case, is looked at.
func (s *selection) has(name string) bool {
	if s.lengths&bitOf(name) == 0 {
		return false
	}
	for _, selected := range s.names {
		if len(selected) == len(name) && strings.EqualFold(selected, name) {
			return true
		}
	}
	return false
}

// selection is what is looked at for a host; nil is everything.
func (e *Engine) selection(host string) *selection {
	selected, known := e.selections.get(host)
	if known {
		return selected
	}
	epoch := e.selections.now()
	required, err := e.Required(host)
	if err != nil {
		return nil
	}
	if required.Version > 0 && len(required.Headers) <= maxSelected {
		selected = &selection{version: required.Version, names: required.Headers}
		for _, name := range required.Headers {
			selected.lengths |= bitOf(name)
		}
	}
	if len(host) <= maxResourceName {
		// A copy: the caller's string may be a small part of a large one.
		e.selections.put(epoch, strings.Clone(host), selected)
	}
	return selected
}

// inquire packs a request and asks with it. The headers are selected for the rules
// that were in force the last time; where others are, it is asked again.
func (e *Engine) inquire(packed *pack, request *Request, host string, ask func([]byte) native.Code) native.Code {
	for range routeAttempts {
		packed.request(request, e.selection(host))
		if code := ask(packed.bytes); code != native.Stale {
			return code
		}
		e.selections.clear()
	}
	packed.request(request, nil)
	return ask(packed.bytes)
}
