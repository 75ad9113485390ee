package sergo

import "github.com/sergo-rs/sergo/go/internal/native"

// LabelExplanation tells which lane a request is of, and why.
type LabelExplanation struct {
	// Lane is the lane; empty where it has none.
	Lane string `json:"lane"`
	// Why says why it is of that lane, or of none.
	Why string `json:"why"`
	// Document is the one that gives it the lane; empty where it came with it.
	Document string `json:"document"`
	// Came is the lane that it came with, believed or not; nil where it came
	// with none.
	Came *CameWith `json:"came"`
	// Goes is what the calls that are made for it carry; nil where it is of no
	// lane.
	Goes *GoesOn `json:"goes"`
	// Misses are the lanes and label rules that were asked before and are not for
	// it; the first 1,000 of them.
	Misses []LabelMiss `json:"misses"`
	// Text is all of it for people to read, the same in every language.
	Text string `json:"text"`
}

// CameWith is the lane that a request came with.
type CameWith struct {
	// Lane is the lane.
	Lane string `json:"lane"`
	// Key is the key that it stood under.
	Key string `json:"key"`
	// Header is the header that it stood in: that key, or "baggage".
	Header string `json:"header"`
	// Believed says whether it was believed.
	Believed bool `json:"believed"`
}

// GoesOn is what the calls that are made for a request carry.
type GoesOn struct {
	// Key is the name of the header, whose value is the lane.
	Key string `json:"key"`
	// Baggage is the value of the baggage header.
	Baggage string `json:"baggage"`
}

// LabelMiss is a lane or label rule that is not for a request.
type LabelMiss struct {
	// Document is its kind and name.
	Document string `json:"document"`
	// Blocks says for each of its matches why it does not hold.
	Blocks []BlockMiss `json:"blocks"`
}

// String is the text for people.
func (e *LabelExplanation) String() string { return e.Text }

// ExplainLabel tells which lane [Engine.Label] says that a request is of, and why.
// It changes nothing. Errors are [*Error].
func (e *Engine) ExplainLabel(request Request, trust bool) (*LabelExplanation, error) {
	packed := packs.Get().(*pack)
	defer packs.Put(packed)
	request.Host = ""
	packed.request(&request, nil)
	text, code := native.ExplainLabel(e.handle, packed.bytes, trust)
	if code != native.OK {
		return nil, failure("explain label", code)
	}
	var explanation LabelExplanation
	if err := decode("explain label", text, &explanation); err != nil {
		return nil, err
	}
	return &explanation, nil
}
