package sergo

import (
	"math/rand/v2"
	"sync/atomic"

	"github.com/sergo-rs/sergo/go/internal/native"
)

// CallOutcome is what came of a call to an instance.
type CallOutcome uint32

// The outcomes of calls.
const (
	// CallSuccess: the instance answered, and not with a 5xx.
	CallSuccess CallOutcome = iota
	// CallError: it answered with a 5xx that is no gateway error.
	CallError
	// CallGatewayError: it answered with 502, 503 or 504, or not in time.
	CallGatewayError
	// CallLocalError: there was no connection, or it broke.
	CallLocalError
)

// String is the outcome in words.
func (o CallOutcome) String() string {
	switch o {
	case CallSuccess:
		return "success"
	case CallError:
		return "error"
	case CallGatewayError:
		return "gateway-error"
	case CallLocalError:
		return "local-error"
	default:
		return "unknown"
	}
}

// OutcomeOf is the outcome of a call that was answered with this HTTP status.
func OutcomeOf(status int) CallOutcome {
	switch {
	case status >= 502 && status <= 504:
		return CallGatewayError
	case status >= 500 && status <= 599:
		return CallError
	default:
		return CallSuccess
	}
}

// Pick is the answer of [Engine.Pick]: where a request goes, and which instance
// takes it. It must not be copied.
type Pick struct {
	// Routing is where the request goes; NoRoute also where there is neither
	// a route nor an instance.
	Routing
	// Instance takes it (Routed); nil where discovery has not named the host:
	// then its name is all that is known. It is shared: don't change it.
	Instance *Instance

	engine   *Engine
	reported atomic.Bool
}

// Pick tells where a request goes, as [Engine.Route] does, and chooses one of the
// instances there. A host that no rule names is chosen among as a whole. The
// request counts as in flight on the instance until [Pick.Report], which must be
// called once the call is over. Errors are [*Error].
func (e *Engine) Pick(request Request) (*Pick, error) {
	// Small enough to be inlined, so that the pick lives on the caller's
	// stack.
	return e.pick(&request, new(Pick))
}

// Call picks an instance for a request, hands it to call, and reports what came
// of it unless call has: a success, or a local error where it returns an error or
// panics, since clients return errors where there was no response. That error
// goes on to the caller as it is; others are [*Error], and call was not called.
func (e *Engine) Call(request Request, call func(*Pick) error) error {
	pick, err := e.Pick(request)
	if err != nil {
		return err
	}
	outcome := CallLocalError // what a panic leaves behind
	defer func() { _ = pick.Report(outcome) }()
	err = call(pick)
	if err == nil {
		outcome = CallSuccess
	}
	return err
}

// Report says what came of the call to the instance, once it is over: an instance
// that keeps failing is left out for a while, where rules say so. Again, or
// without an instance, it does nothing. Errors are [*Error].
func (p *Pick) Report(outcome CallOutcome) error {
	if p == nil || p.Instance == nil || p.reported.Swap(true) {
		return nil
	}
	return p.engine.Report(p.Destination.Host, p.Instance.ID, outcome)
}

// Report is [Pick.Report] for those who keep but the names: what came of a call
// to an instance that [Engine.Pick] gave, with the host of its destination.
// Errors are [*Error].
func (e *Engine) Report(host, instance string, outcome CallOutcome) error {
	return failure("report", native.Report(e.handle, host, instance, uint32(outcome), e.now()))
}

// Ejected are the ids of a host's instances that are left out at this moment
// because they kept failing, sorted. Errors are [*Error].
func (e *Engine) Ejected(host string) ([]string, error) {
	answer, code := native.Ejected(e.handle, host, e.now())
	if code != native.OK {
		return nil, failure("ejected", code)
	}
	var ids []string
	err := decode("ejected", answer, &ids)
	return ids, err
}

func (e *Engine) pick(request *Request, pick *Pick) (*Pick, error) {
	pick.engine = e
	packed := packs.Get().(*pack)
	defer packs.Put(packed)
	packed.request(request)
	random := native.Random{Rolls: request.Rolls}
	if random.Rolls == nil {
		random.Seed = rand.Uint64()
	}
	text, code := native.Pick(e.handle, packed.bytes, random, e.now())
	if code != native.OK {
		return nil, failure("pick", code)
	}
	if len(text) == 0 {
		return pick, nil
	}
	answer, err := readAnswer(text)
	if err != nil {
		return nil, err
	}
	pick.Routing = answer.routing
	if answer.Instance != nil {
		pick.Instance = &Instance{ID: *answer.Instance}
	}
	return pick, nil
}
