package sergo

import "github.com/sergo-rs/sergo/go/internal/native"

// RouteExplanation tells which route a request goes by at one moment, and why none
// of those before it does.
type RouteExplanation struct {
	// Router is the kind and name of the router of the host; empty where there
	// is none.
	Router string
	// Misses are the routes before that do not match, in order; the first
	// 1,000 of them.
	Misses []RouteMiss
	// Position is the index of the route that matches, as in spec.http[2]; nil
	// where none does.
	Position *int
	// Routing is where the request goes.
	Routing Routing
	// Text is all of it for people to read, the same in every language.
	Text string
}

// RouteMiss is a route that does not match.
type RouteMiss struct {
	// Position is its index in the document's list.
	Position int `json:"position"`
	// Blocks says for each of its match blocks why it does not hold.
	Blocks []BlockMiss `json:"blocks"`
}

// BlockMiss is the first field of a match block that does not hold.
type BlockMiss struct {
	// Field is the field, as in "headers.tag".
	Field string `json:"field"`
	// Expected is what the rule asks for.
	Expected string `json:"expected"`
	// Found is what the request has.
	Found string `json:"found"`
}

// String is the text for people.
func (e *RouteExplanation) String() string { return e.Text }

// ExplainRoute tells where [Engine.Route] would send a request at this moment, and
// why. It changes nothing. Errors are [*Error].
func (e *Engine) ExplainRoute(request Request) (*RouteExplanation, error) {
	packed := packs.Get().(*pack)
	defer packs.Put(packed)
	packed.request(&request, nil)
	random := randomOf(request.Rolls)
	text, code := native.ExplainRoute(e.handle, packed.bytes, random, e.now())
	if code != native.OK {
		return nil, failure("explain route", code)
	}
	var told struct {
		Router     string      `json:"router"`
		Misses     []RouteMiss `json:"misses"`
		Position   *int        `json:"position"`
		Directions *answer     `json:"directions"`
		Text       string      `json:"text"`
	}
	if err := decode("explain route", text, &told); err != nil {
		return nil, err
	}
	explanation := &RouteExplanation{Router: told.Router, Misses: told.Misses, Position: told.Position, Text: told.Text}
	if told.Directions != nil {
		explanation.Routing = told.Directions.public()
	}
	return explanation, nil
}
