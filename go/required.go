package sergo

import "github.com/sergo-rs/sergo/go/internal/native"

// Required names the parts of a request, beside its host, method, path and
// scheme, that rules look at.
type Required struct {
	// Headers are the headers, in lower case, sorted.
	Headers []string `json:"headers"`
	// Parameters are the query parameters, sorted.
	Parameters []string `json:"parameters"`
}

// Required tells what [Engine.Route] and [Engine.Pick] look at in requests to a
// host, until the rules change: nothing else need be in the [Request]. The engine
// heeds it by itself, so this is for those who have to collect the parts. Errors
// are [*Error].
func (e *Engine) Required(host string) (Required, error) {
	answer, code := native.Required(e.handle, host)
	if code != native.OK {
		return Required{}, failure("required", code)
	}
	var required Required
	err := decode("required", answer, &required)
	return required, err
}

// RequiredToLabel is [Engine.Required] for [Engine.Label].
func (e *Engine) RequiredToLabel() (Required, error) { return e.Required("") }
