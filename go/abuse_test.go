package sergo_test

import (
	"strings"
	"testing"

	sergo "github.com/sergo-rs/sergo/go"
)

// TestAnyTextIsAName lets odd names pass, and governs those that rules name.
func TestAnyTextIsAName(t *testing.T) {
	const longest = 1024
	named := func(name string) string {
		return strings.Replace(limit(0), "targetResourceName: /foo", `targetResourceName: "`+name+`"`, 1)
	}
	for name, test := range map[string]struct {
		rule, resource string
		blocked        bool
	}{
		"empty":            {"/foo", "", false},
		"a megabyte":       {"/foo", strings.Repeat("a", 1<<20), false},
		"the longest":      {strings.Repeat("a", longest), strings.Repeat("a", longest), true},
		"a NUL":            {`a\0b`, "a\x00b", true},
		"up to the NUL":    {`a`, "a\x00b", false},
		"outside the BMP":  {"/😀/𝒳", "GET:/😀/𝒳", true},
		"another accent":   {"/é", "/e\u0301", false},
		"a line's end":     {`a\nb`, "a\nb", true},
		"another's prefix": {"/foo", "GET:/fo", false},
	} {
		t.Run(name, func(t *testing.T) {
			engine, _ := newEngine(t, named(test.rule))
			for range 2 { // the second time from what is remembered
				if blocked := decide(t, engine, test.resource).Block != nil; blocked != test.blocked {
					t.Errorf("blocked %t, want %t", blocked, test.blocked)
				}
			}
			got := explain(t, engine, test.resource)
			if got.Resource != test.resource || (got.Answer == sergo.Block) != test.blocked {
				t.Errorf("explained as %s, governed %t, want blocked %t", got.Answer, got.Governed, test.blocked)
			}
		})
	}
}

func TestTheGreatestCostDoesNotOverflow(t *testing.T) {
	engine, _ := newEngine(t, limit(1000))
	for range 3 {
		if decide(t, engine, "GET:/foo", sergo.Cost(1<<32-1)).Block == nil {
			t.Error("the greatest cost passed")
		}
	}
	if decide(t, engine, "GET:/foo").Block != nil {
		t.Error("what was blocked has left a trace")
	}
}
