package sergo_test

import (
	"strings"
	"testing"
)

func TestAMistakeIsReportedAndTakesNothingWithIt(t *testing.T) {
	engine, _ := newEngine(t, limit(0))
	broken := strings.Replace(limit(5), "threshold: 5", "threshold: many", 1)
	report, err := engine.Load(broken)
	if err != nil {
		t.Fatal(err)
	}
	if report.Accepted != 2 || len(report.Rejected) != 1 || report.Version != 2 {
		t.Fatalf("got %+v, want version 2, 2 accepted and 1 rejected", report)
	}
	mistake := report.Rejected[0]
	if mistake.Kind != "RateLimitStrategy" || mistake.Namespace != "default" || mistake.Name != "rate-limit-foo" ||
		mistake.Field != "spec.threshold" || mistake.Source != "" || mistake.Code != "wrong-type" {
		t.Errorf("got %+v", mistake)
	}
	if mistake.Line != 5 || mistake.Column == 0 {
		t.Errorf("got line %d and column %d, want line 5", mistake.Line, mistake.Column)
	}
	if !strings.Contains(mistake.Found, "many") || mistake.Expected == "" || mistake.String() != mistake.Message ||
		!strings.Contains(mistake.Message, "rate-limit-foo") || !strings.Contains(mistake.Message, "spec.threshold") {
		t.Errorf("got %+v", mistake)
	}
	if decide(t, engine, "GET:/foo").Block == nil {
		t.Error("the last good version is no longer in force")
	}
}

func TestWhatARuleMissesIsReported(t *testing.T) {
	engine, _ := newEngine(t, "")
	_, rule, _ := strings.Cut(strings.Replace(limit(0), "---", "", 1), "---")
	report := load(t, engine, rule)
	if report.Accepted != 1 || len(report.Waiting) != 2 {
		t.Fatalf("got %+v, want one that waits for two", report)
	}
	missing := map[string]bool{}
	for _, waiting := range report.Waiting {
		missing[waiting.Missing] = true
		if waiting.Kind != "FaultToleranceRule" || waiting.Name != "my-rule" || waiting.Namespace != "default" || waiting.String() == "" {
			t.Errorf("got %+v", waiting)
		}
	}
	if !missing["rate-limit-foo"] || !missing["fallback-foo"] {
		t.Errorf("got %v", missing)
	}
}

func TestRulesAreYAMLOrJSON(t *testing.T) {
	engine, _ := newEngine(t, `{"kind": "List", "apiVersion": "v1", "items": [
		{"apiVersion": "fault-tolerance.opensergo.io/v1alpha1", "kind": "RateLimitStrategy", "metadata": {"name": "r"},
		 "spec": {"metricType": "RequestAmount", "limitMode": "Local", "threshold": 0, "statDuration": "1s"}},
		{"apiVersion": "fault-tolerance.opensergo.io/v1alpha1", "kind": "FaultToleranceRule", "metadata": {"name": "f"},
		 "spec": {"targets": [{"targetResourceName": "/foo"}], "strategies": [{"name": "r"}]}}]}`)
	if decide(t, engine, "GET:/foo").Block == nil {
		t.Error("the rules in JSON are not in force")
	}
}
