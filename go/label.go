package sergo

import (
	"context"
	"strings"

	"github.com/sergo-rs/sergo/go/internal/native"
)

// Label is the lane of a request.
type Label struct {
	// Lane is the lane's name.
	Lane string
	// Key is the header, and the member of the W3C baggage header, by which it
	// travels.
	Key string
}

// Label tells the lane of a request that comes in, by the rules for this app; nil
// is none. The one that it carries stays, unless trust is false: then the caller
// is not believed. The request's host and rolls are not looked at. Errors are
// [*Error].
func (e *Engine) Label(request Request, trust bool) (*Label, error) {
	packed := packs.Get().(*pack)
	defer packs.Put(packed)
	var answer []byte
	code := e.inquire(packed, &request, labelling, func(block []byte) (code native.Code) {
		answer, code = native.Label(e.handle, block, trust)
		return code
	})
	if code != native.OK || len(answer) == 0 {
		return nil, failure("label", code)
	}
	var text struct {
		Lane    string            `json:"lane"`
		Baggage map[string]string `json:"baggage"`
	}
	if err := decode("label", answer, &text); err != nil {
		return nil, err
	}
	label := &Label{Lane: text.Lane}
	for key := range text.Baggage {
		label.Key = key
	}
	return label, nil
}

// Carried is what a request that came in hands on to the calls that are made for
// it. It travels in their [context.Context]: see [Engine.Carry].
type Carried struct {
	// Label is the request's lane; nil is none.
	Label *Label
	// Baggage is the baggage header that came in, several of them joined with
	// commas; empty is none.
	Baggage string
}

type carriedKey struct{}

// ContextWith is a context for work that hands this on.
func ContextWith(ctx context.Context, carried Carried) context.Context {
	return context.WithValue(ctx, carriedKey{}, carried)
}

// CarriedBy is what work with this context hands on; nothing where nobody said.
func CarriedBy(ctx context.Context) Carried {
	carried, _ := ctx.Value(carriedKey{}).(Carried)
	return carried
}

// Carry labels a request that comes in, as [Engine.Label] does, and answers with a
// context for all that is done for it. A caller that is not trusted is not
// believed its baggage either: it might name a lane. Errors are [*Error]; the
// context is ctx then.
func (e *Engine) Carry(ctx context.Context, request Request, trust bool) (context.Context, error) {
	label, err := e.Label(request, trust)
	if err != nil {
		return ctx, err
	}
	carried := Carried{Label: label}
	if trust {
		carried.Baggage = headerOf(request.Header, "baggage")
	}
	if carried == (Carried{}) && CarriedBy(ctx) == (Carried{}) {
		return ctx, nil
	}
	return ContextWith(ctx, carried), nil
}

// Headers are the headers that hand it on, to be set on each request that is made
// for the one that came in: the lane's own, and baggage, which has what came in
// and the lane. Without a lane the baggage goes on as it came. Names are in lower
// case.
func (c Carried) Headers() map[string]string {
	headers := make(map[string]string, 2)
	if c.Label == nil {
		if isValue(c.Baggage) {
			headers["baggage"] = c.Baggage
		}
		return headers
	}
	if isValue(c.Label.Lane) {
		headers[strings.ToLower(c.Label.Key)] = c.Label.Lane
	}
	baggage, code := native.Baggage(c.Baggage, c.Label.Key, c.Label.Lane)
	if code != native.OK || !isValue(baggage) { // what came in is no text
		baggage, _ = native.Baggage("", c.Label.Key, c.Label.Lane)
	}
	if isValue(baggage) {
		headers["baggage"] = baggage
	}
	return headers
}

// isValue says whether a text can stand in a header as it is. A lane that came in
// percent-encoded need not.
func isValue(text string) bool {
	control := func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }
	return text != "" && strings.TrimSpace(text) == text && strings.IndexFunc(text, control) < 0
}

// headerOf is the value of a header, several joined with commas. The name is in
// lower case.
func headerOf(header map[string][]string, name string) string {
	var all []string
	for key, values := range header {
		if strings.EqualFold(key, name) {
			all = append(all, values...)
		}
	}
	return strings.Join(all, ",")
}
