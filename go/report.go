package sergo

import (
	"encoding/json"
	"fmt"

	"github.com/sergo-rs/sergo/go/internal/native"
)

// Report is what loading rules came to, in full: nothing is dropped silently.
type Report struct {
	// Version is the version of the rules now in force, counted from 1.
	Version uint64 `json:"version"`
	// Accepted counts the valid documents of this push: those that wait and
	// those for other apps included; unknown kinds and last good versions not.
	Accepted int `json:"accepted"`
	// Rejected holds the mistakes; of a document with any, the last good
	// version stays in force.
	Rejected []Diagnostic `json:"rejected"`
	// Waiting holds what valid rules still miss, one entry per missing
	// reference.
	Waiting []Waiting `json:"waiting"`
	// Warnings holds what is most likely not meant: unknown fields, unknown
	// kinds.
	Warnings []Diagnostic `json:"warnings"`
	// Shadowed holds the routes that can never be reached.
	Shadowed []Diagnostic `json:"shadowed"`
	// Unserved holds the destinations that nothing serves: undefined subsets,
	// and hosts of which discovery knows nobody healthy.
	Unserved []Diagnostic `json:"unserved"`
}

// Diagnostic is one thing that is wrong with one field of one document.
type Diagnostic struct {
	// Kind, Namespace and Name say which document; each is empty where it
	// could not be read.
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Field is the path from the document's root, as in
	// "spec.targets[0].targetResourceName".
	Field string `json:"field"`
	// Found is what was found there.
	Found string `json:"found"`
	// Expected is what would be right.
	Expected string `json:"expected"`
	// Message is the whole sentence, the same in every language.
	Message string `json:"message"`
	// Source is the file that the document came from; empty for text.
	Source string `json:"source"`
	// Line and Column count from 1 in the source; 0 is unknown.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Code says what kind of mistake it is, as in "unknown-field": what
	// `sergo check --explain` knows it by.
	Code string `json:"code"`
}

// String is the whole sentence.
func (d Diagnostic) String() string { return d.Message }

// Waiting is a rule that takes effect when what it names arrives.
type Waiting struct {
	// Kind, Namespace and Name say which rule waits.
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Field is the path of the reference, as in "spec.strategies[0].name".
	Field string `json:"field"`
	// Missing is the name that is missing.
	Missing string `json:"missing"`
	// Message is the whole sentence, the same in every language.
	Message string `json:"message"`
	// Source is the file that the rule came from; empty for text, and where
	// it came in an earlier push.
	Source string `json:"source"`
	// Line and Column count from 1 in the source; 0 is unknown.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Code says what kind of mistake it is, as in "unknown-field": what
	// `sergo check --explain` knows it by.
	Code string `json:"code"`
}

// String is the whole sentence.
func (w Waiting) String() string { return w.Message }

// Load replaces all rules by the documents in the text: YAML, perhaps of several
// documents, or JSON. The empty text unloads all rules.
//
// A bad document is no error: the report says what is wrong and what would be
// right, its last good version stays in force, and the other documents are
// taken. Errors are [*Error]: the engine is closed or poisoned, or the text is
// not UTF-8.
func (e *Engine) Load(text string) (*Report, error) {
	return e.apply([]native.Source{{Text: text}})
}

// apply makes one push of the sources.
func (e *Engine) apply(sources []native.Source) (*Report, error) {
	answer, code := native.Apply(e.handle, sources)
	e.applied()
	if code != native.OK {
		return nil, failure("load", code)
	}
	report := new(Report)
	if err := decode("load", answer, report); err != nil {
		return nil, err
	}
	return report, nil
}

// decode reads an answer of the library.
func decode(op string, answer []byte, into any) error {
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("sergo: %s: the library's answer can't be read; is libsergo of another version than this package? %w", op, err)
	}
	return nil
}
