package sergo

import (
	"math/rand/v2"

	"github.com/sergo-rs/sergo/go/internal/native"
)

// Request is what routes look at in an outgoing request. Only the host is
// needed.
type Request struct {
	// Host is the host that is called, perhaps with a port.
	Host string
	// Method is the HTTP method; empty is GET.
	Method string
	// Path is the path, perhaps with a query; empty is "/".
	Path string
	// Scheme is the URL's scheme; empty is "http".
	Scheme string
	// Port is the destination port; 0 is none.
	Port uint16
	// Header holds the headers: an [net/http.Header] fits. Names match
	// without case; several values of one name are joined with a comma.
	Header map[string][]string
	// Client is the caller's IP address; empty is unknown.
	Client string
	// Caller says who calls; what it leaves open is the engine's own.
	Caller Caller
	// Hash is a sticky key: the same key always gets the same destination.
	// Nil is none; an empty key is one, too.
	Hash *string
	// Rolls are the random numbers to decide by, each in [0, 1): used in
	// order, the last one for all that follow. Nil: the package's own.
	Rolls []float64
}

// Caller says who makes a request.
type Caller struct {
	// Labels are the labels of the calling workload; nil is the engine's.
	Labels map[string]string
	// Namespace is its namespace; empty is the engine's.
	Namespace string
	// Gateway is the gateway that the request came in by; empty is the mesh.
	Gateway string
}

// Outcome says what [Engine.Route] came to.
type Outcome int

// The outcomes of routing.
const (
	// NoRoute: no rule says where the request goes.
	NoRoute Outcome = iota
	// Routed: it goes to the destination.
	Routed
	// Empty: the destination that was picked and all its fallbacks have no
	// healthy instance.
	Empty
)

// String is the outcome in words.
func (o Outcome) String() string {
	switch o {
	case Routed:
		return "routed"
	case Empty:
		return "empty"
	default:
		return "no route"
	}
}

// Routing is the answer of [Engine.Route].
type Routing struct {
	// Outcome says whether there is a destination.
	Outcome Outcome
	// Destination is where the request goes. When the outcome is Empty, its
	// host and subset are the last that were found empty.
	Destination Destination
	// Route is the name of the route that matched; empty if it has none.
	Route string
	// Fallback says that the destination stands in for the one that was
	// picked.
	Fallback bool
}

// Destination is a destination as the rule writes it.
type Destination struct {
	// Host is the host.
	Host string
	// Subset is the subset of the host's instances; empty is all of them.
	Subset string
	// Port is the port; 0 is not said.
	Port uint16
}

// The rules may change between a route and the look at what it stands for. That
// eight versions of them come in that moment, several times in a row, is not to
// be expected.
const routeAttempts = 4

// Route tells where a request goes. The caller sends it there. Errors are
// [*Error]: a text of the request is not UTF-8, say.
func (e *Engine) Route(request Request) (Routing, error) {
	packed := packs.Get().(*pack)
	defer packs.Put(packed)
	packed.request(&request)

	code := native.Stale
	for attempt := 0; attempt < routeAttempts && code == native.Stale; attempt++ {
		var id native.AnswerID
		if request.Rolls != nil {
			id, code = native.RouteRolls(e.handle, packed.bytes, request.Rolls)
		} else {
			id, code = native.Route(e.handle, packed.bytes, rand.Uint64())
		}
		if code != native.OK {
			break
		}
		if id == 0 {
			return Routing{}, nil
		}
		if routing, known := e.routings.get(id); known {
			return routing, nil
		}
		var routing Routing
		var err error
		if routing, code, err = e.answer(id); err != nil {
			return Routing{}, err
		}
		if code == native.OK {
			return routing, nil
		}
	}
	return Routing{}, failure("route", code)
}

// answerText is what an answer id stands for, in the form that the library
// gives.
type answerText struct {
	Route       *string          `json:"route"`
	Destination *destinationText `json:"destination"`
	Fallback    bool             `json:"fallback"`
	Empty       *destinationText `json:"empty"`
}

type destinationText struct {
	Host   string  `json:"host"`
	Subset *string `json:"subset"`
	Port   *uint16 `json:"port"`
}

func (d *destinationText) public() Destination {
	return Destination{Host: d.Host, Subset: orZero(d.Subset), Port: orZero(d.Port)}
}

// answer looks up what an answer id stands for. The same id always stands for
// the same, so it is asked once.
func (e *Engine) answer(id native.AnswerID) (Routing, native.Code, error) {
	epoch := e.routings.now()
	answer, code := native.Answer(e.handle, id)
	if code != native.OK {
		return Routing{}, code, nil
	}
	var text answerText
	if err := decode("route", answer, &text); err != nil {
		return Routing{}, code, err
	}
	var routing Routing
	switch {
	case text.Destination != nil:
		routing = Routing{Outcome: Routed, Destination: text.Destination.public(), Route: orZero(text.Route), Fallback: text.Fallback}
	case text.Empty != nil:
		routing = Routing{Outcome: Empty, Destination: text.Empty.public()}
	}
	e.routings.put(epoch, id, routing)
	return routing, code, nil
}

// orZero is what the pointer points to, or nothing.
func orZero[T any](pointer *T) T {
	if pointer == nil {
		var zero T
		return zero
	}
	return *pointer
}
