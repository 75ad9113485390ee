package sergo

import (
	"math/rand/v2"
	"time"

	"github.com/sergo-rs/sergo/go/internal/native"
)

// Outcome says what [Engine.Route] or [Engine.Connect] came to.
type Outcome int

// The outcomes of routing.
const (
	// NoRoute: no rule says where the request goes.
	NoRoute Outcome = iota
	// Routed: it goes to the destination.
	Routed
	// Redirected: the caller is sent elsewhere.
	Redirected
	// Responded: the rule has the response itself.
	Responded
	// Empty: the destination that was picked and all its fallbacks have no
	// healthy instance.
	Empty
)

// String is the outcome in words.
func (o Outcome) String() string {
	switch o {
	case Routed:
		return "routed"
	case Redirected:
		return "redirected"
	case Responded:
		return "responded"
	case Empty:
		return "empty"
	default:
		return "no route"
	}
}

// Routing is the answer of [Engine.Route] and [Engine.Connect]. What it points to may be shared by
// many answers: don't change it.
type Routing struct {
	// Outcome says what is to be done, and which of the other fields count.
	Outcome Outcome
	// Destination is where the request goes (Routed). When the outcome is
	// Empty, its host and subset are the last that were found empty.
	Destination Destination
	// Route is the name of the route that matched; empty if it has none.
	Route string
	// Fallback says that the destination stands in for the one that was
	// picked (Routed).
	Fallback bool
	// Policy is what else the route says of all its requests (Routed,
	// Redirected, Responded).
	Policy *Policy
	// Response is what to answer at once (Responded).
	Response *DirectResponse
	// Redirect is where to send the caller (Redirected).
	Redirect *Redirect
	// Rewrite is how to change this request; nil is not at all (Routed).
	Rewrite *Rewrite
	// Fault is what to do to this request on purpose; nil is nothing
	// (Routed).
	Fault *Fault
	// Mirrors are the destinations that get a copy of this request (Routed).
	Mirrors []Mirror
}

// Destination is a destination as the rule writes it.
type Destination struct {
	// Host is the host.
	Host string `json:"host"`
	// Subset is the subset of the host's instances; empty is all of them.
	Subset string `json:"subset"`
	// Port is the port; 0 is not said.
	Port uint16 `json:"port"`
}

// The rules may change between a route and the look at what it stands for. That
// eight versions of them come in that moment, several times in a row, is not to
// be expected.
const routeAttempts = 4

// Route tells where a request goes, and what the rules want done with it on the
// way. The caller does it. Errors are [*Error]: a text of the request is not
// UTF-8, say.
func (e *Engine) Route(request Request) (Routing, error) {
	packed := packs.Get().(*pack)
	defer packs.Put(packed)
	random := randomOf(request.Rolls)
	e.tellTime()
	answer, err := e.answered("route", func() (id native.AnswerID, code native.Code) {
		code = e.inquire(packed, &request, request.Host, func(block []byte) (code native.Code) {
			id, code = native.Route(e.handle, block, random)
			return code
		})
		return id, code
	})
	switch {
	case err != nil:
		return Routing{}, err
	case answer.Varies:
		return e.direct(packed, &request, random)
	default:
		return answer.routing, nil
	}
}

// randomOf is the random numbers that are given, else those of this package.
func randomOf(rolls []float64) native.Random {
	if rolls != nil {
		return native.Random{Rolls: rolls}
	}
	return native.Random{Seed: rand.Uint64()}
}

// nowhere is the answer where no rule says.
var nowhere answer

// answered asks where something goes, and looks up what the answer stands for.
func (e *Engine) answered(op string, ask func() (native.AnswerID, native.Code)) (*answer, error) {
	code := native.Stale
	for attempt := 0; attempt < routeAttempts && code == native.Stale; attempt++ {
		var id native.AnswerID
		if id, code = ask(); code != native.OK {
			break
		}
		if id == 0 {
			return &nowhere, nil
		}
		answer, known := e.answers.get(id)
		if !known {
			var err error
			if answer, code, err = e.learnAnswer(id); err != nil {
				return nil, err
			}
		}
		if code == native.OK {
			return answer, nil
		}
	}
	return nil, failure(op, code)
}

// direct is the whole answer for one request, of a route that does more with it
// than with the next.
func (e *Engine) direct(packed *pack, request *Request, random native.Random) (Routing, error) {
	var text []byte
	code := e.inquire(packed, request, request.Host, func(block []byte) (code native.Code) {
		text, code = native.Direct(e.handle, block, random)
		return code
	})
	if code != native.OK {
		return Routing{}, failure("route", code)
	}
	if len(text) == 0 { // the rules have changed meanwhile
		return Routing{}, nil
	}
	answer, err := readAnswer(text)
	if err != nil {
		return Routing{}, err
	}
	return answer.routing, nil
}

// answer is what an answer id stands for, in the form that the library gives.
type answer struct {
	Route       string          `json:"route"`
	Destination *Destination    `json:"destination"`
	Fallback    bool            `json:"fallback"`
	Empty       *Destination    `json:"empty"`
	Timeout     span            `json:"timeout"`
	Retries     Retries         `json:"retries"`
	Headers     Headers         `json:"headers"`
	CORS        *CORSPolicy     `json:"corsPolicy"`
	Response    *DirectResponse `json:"directResponse"`
	// Varies says that more is done, worked out or drawn for each request;
	// the fields below are only in the answer for one.
	Varies   bool      `json:"varies"`
	Redirect *Redirect `json:"redirect"`
	Rewrite  *Rewrite  `json:"rewrite"`
	Fault    *Fault    `json:"fault"`
	Mirrors  []Mirror  `json:"mirror"`
	// Instance and Number are the id of the instance that takes the request, and
	// what the library knows it by, in the answer to Pick.
	Instance *string           `json:"instance"`
	Number   native.InstanceID `json:"number"`

	routing Routing
}

// learnAnswer looks up what an answer id stands for. The same id always stands
// for the same, so it is asked once.
func (e *Engine) learnAnswer(id native.AnswerID) (*answer, native.Code, error) {
	epoch := e.answers.now()
	text, code := native.Answer(e.handle, id)
	if code != native.OK {
		return nil, code, nil
	}
	answer, err := readAnswer(text)
	if err != nil {
		return nil, code, err
	}
	e.answers.put(epoch, id, answer)
	return answer, code, nil
}

func readAnswer(text []byte) (*answer, error) {
	a := new(answer)
	if err := decode("route", text, a); err != nil {
		return nil, err
	}
	a.routing = a.public()
	return a, nil
}

// public is the answer as users see it.
func (a *answer) public() Routing {
	if a.Empty != nil {
		return Routing{Outcome: Empty, Destination: *a.Empty}
	}
	routing := Routing{
		Outcome:  Routed,
		Route:    a.Route,
		Fallback: a.Fallback,
		Policy:   &Policy{Timeout: time.Duration(a.Timeout), Retries: a.Retries, Headers: a.Headers, CORS: a.CORS},
		Response: a.Response,
		Redirect: a.Redirect,
		Rewrite:  a.Rewrite,
		Fault:    a.Fault,
		Mirrors:  a.Mirrors,
	}
	switch {
	case a.Destination != nil:
		routing.Destination = *a.Destination
	case a.Response != nil:
		routing.Outcome = Responded
	default:
		routing.Outcome = Redirected
	}
	return routing
}
