package sergo

import (
	"context"
	"errors"
	"strconv"
	"strings"
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
	// CallCancelled: there was no call, or it was given up and tells nothing.
	CallCancelled
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
	case CallCancelled:
		return "cancelled"
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
	number   native.InstanceID
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
// panics, since clients return errors where there was no response; cancelled where
// that error is [context.Canceled]. It goes on to the caller as it is; others are
// [*Error], and call was not called.
func (e *Engine) Call(request Request, call func(*Pick) error) error {
	pick, err := e.Pick(request)
	if err != nil {
		return err
	}
	outcome := CallLocalError // what a panic leaves behind
	defer func() { _ = pick.Report(outcome) }()
	err = call(pick)
	switch {
	case err == nil:
		outcome = CallSuccess
	case errors.Is(err, context.Canceled):
		outcome = CallCancelled
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
	return p.reportID(outcome, p.engine.now())
}

func (p *Pick) reportID(outcome CallOutcome, now uint64) error {
	return failure("report", native.ReportID(p.engine.handle, p.Destination.Host, p.number, uint32(outcome), now))
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

// pick fills in a pick: by numbers where it is a plain destination with an
// instance, as most are.
func (e *Engine) pick(request *Request, pick *Pick) (*Pick, error) {
	packed := packs.Get().(*pack)
	defer packs.Put(packed)
	random, now := randomOf(request.Rolls), e.now()
	pick.engine = e
	for range routeAttempts {
		var picked native.Picked
		code := e.inquire(packed, request, request.Host, func(block []byte) (code native.Code) {
			picked, code = native.PickID(e.handle, block, random, now)
			return code
		})
		if code != native.OK {
			return nil, failure("pick", code)
		}
		if picked.Instance == 0 {
			break
		}
		known, err := e.known(request, picked, pick)
		if err != nil {
			return nil, err
		}
		if known {
			return pick, nil
		}
		// Rules or instances have changed since.
		_ = pick.reportID(CallCancelled, now)
	}
	return e.pickWhole(packed, request, random, now, pick)
}

// known fills in what numbers stand for; false when they are outdated.
func (e *Engine) known(request *Request, picked native.Picked, pick *Pick) (bool, error) {
	pick.number = picked.Instance
	if picked.Answer == 0 {
		pick.Routing = unrouted(request)
	} else {
		answer, known := e.answers.get(picked.Answer)
		if !known {
			var code native.Code
			var err error
			if answer, code, err = e.learnAnswer(picked.Answer); err != nil || code == native.Stale {
				return false, err
			} else if code != native.OK {
				return false, failure("pick", code)
			}
		}
		pick.Routing = answer.routing
	}
	var err error
	pick.Instance, err = e.instance(pick.Destination.Host, picked.Instance)
	return pick.Instance != nil, err
}

// pickWhole fills in a pick of any kind.
func (e *Engine) pickWhole(packed *pack, request *Request, random native.Random, now uint64, pick *Pick) (*Pick, error) {
	var text []byte
	code := e.inquire(packed, request, request.Host, func(block []byte) (code native.Code) {
		text, code = native.Pick(e.handle, block, random, now)
		return code
	})
	if code != native.OK {
		return nil, failure("pick", code)
	}
	answer := &nowhere
	var err error
	if len(text) > 0 {
		if answer, err = readAnswer(text); err != nil {
			return nil, err
		}
	}
	pick.Routing, pick.Instance, pick.number = answer.routing, nil, answer.Number
	if answer.Instance == nil {
		return pick, nil
	}
	if pick.Instance, err = e.instance(pick.Destination.Host, pick.number); err != nil {
		return nil, err
	}
	if pick.Instance == nil { // it is gone again
		pick.Instance = &Instance{ID: *answer.Instance}
	}
	return pick, nil
}

// unrouted is the answer for a host that no router names but discovery knows.
func unrouted(request *Request) Routing {
	host, port := splitPort(request.Host)
	if request.Port != 0 {
		port = request.Port
	}
	return Routing{Outcome: Routed, Destination: Destination{Host: host, Port: port}, Policy: &unroutedPolicy}
}

// unroutedPolicy is that of a route which says nothing of it.
var unroutedPolicy = Policy{Retries: Retries{
	Attempts: 2,
	RetryOn:  "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes",
}}

// splitPort is the host and the port behind its last colon, 0 without any.
func splitPort(text string) (string, uint16) {
	colon := strings.LastIndexByte(text, ':')
	if colon < 0 || strings.Contains(text[:colon], ":") && text[colon-1] != ']' {
		return text, 0
	}
	port, err := strconv.ParseUint(text[colon+1:], 10, 16)
	if err != nil {
		port = 0
	}
	return text[:colon], uint16(port)
}
