// Command conformance answers conformance vectors through the public package:
// one JSON object per line on standard input, one line on standard output for
// each, until the input ends.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	sergo "github.com/sergo-rs/sergo/go"
)

// vector is one scenario.
type vector struct {
	App       string            `json:"app"`
	Namespace string            `json:"namespace"`
	Labels    map[string]string `json:"labels"`
	Steps     []step            `json:"steps"`
}

func main() {
	in, out := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) == 0 && err != nil {
			return
		}
		if err := encoder.Encode(answer(line)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := out.Flush(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// object is a JSON object of the answer.
type object = map[string]any

func answer(line []byte) object {
	var vector vector
	if err := json.Unmarshal(line, &vector); err != nil {
		return object{"error": err.Error()}
	}
	clock := new(sergo.ManualClock)
	engine, err := sergo.New(vector.App, sergo.WithNamespace(vector.Namespace), sergo.WithLabels(vector.Labels),
		sergo.WithClock(clock), sergo.WithoutSampling())
	if err != nil {
		return object{"error": err.Error()}
	}
	defer engine.Close()
	run := &run{engine: engine, entries: make(map[string]*entries)}
	answers := make([]any, len(vector.Steps))
	for i := range vector.Steps {
		step := &vector.Steps[i]
		clock.Set(time.Duration(step.At))
		answer, err := run.step(step)
		if err != nil {
			answer = object{"error": err.Error()}
		}
		answers[i] = answer
	}
	return object{"answers": answers}
}

// run is one vector on its engine.
type run struct {
	engine  *sergo.Engine
	entries map[string]*entries
}

// entries are those under one name, oldest first.
type entries struct{ exited, open []*sergo.Entry }

func (r *run) step(step *step) (any, error) {
	switch step.Op {
	case "rules":
		return r.engine.Load(step.Text)
	case "enter":
		return r.enter(step)
	case "exit":
		return r.exit(step)
	case "state":
		state, err := r.engine.BreakerState(step.Resource, step.Strategy)
		return object{"state": orNull(string(state))}, err
	case "events":
		return r.events()
	case "load":
		return object{}, r.engine.SetSystemLoad(step.systemLoad())
	case "endpoints":
		return object{}, r.engine.SetInstances(step.Host, step.instances())
	case "route":
		request := step.request()
		return route(step, func() (sergo.Routing, error) { return r.engine.Route(request) })
	case "pick":
		request := step.request()
		return pick(step, func() (*sergo.Pick, error) { return r.engine.Pick(request) })
	case "report":
		return r.report(step)
	case "ejected":
		ids, err := r.engine.Ejected(step.Host)
		return object{"ejected": ids}, err
	case "label":
		return label(r.engine.Label(step.request(), step.Trust))
	case "connect":
		connection := step.connection()
		return route(step, func() (sergo.Routing, error) { return r.engine.Connect(connection) })
	default:
		return nil, fmt.Errorf("unknown op: %s", step.Op)
	}
}

func (r *run) enter(step *step) (any, error) {
	options := []sergo.EnterOption{sergo.Cost(step.Cost)}
	if step.Direction == "outbound" {
		options = append(options, sergo.Outbound())
	}
	passed, blocked, last := 0, 0, sergo.Decision{}
	for range step.Repeat {
		decision, err := r.engine.Decide(step.Resource, options...)
		if err != nil {
			return nil, err
		}
		last = decision
		if decision.Block != nil {
			blocked++
			continue
		}
		passed++
		if step.As != nil {
			named := r.entries[*step.As]
			if named == nil {
				named = new(entries)
				r.entries[*step.As] = named
			}
			named.open = append(named.open, decision.Entry)
		}
	}
	if step.Repeat != 1 {
		return object{"passed": passed, "blocked": blocked}, nil
	}
	return decided(last), nil
}

func decided(decision sergo.Decision) object {
	if block := decision.Block; block != nil {
		answer := object{"block": block.Strategy, "strategy": block.Name, "rule": block.Rule, "retryAfter": nil, "fallback": nil}
		if after, known := block.RetryAfter(); known {
			answer["retryAfter"] = after.Nanoseconds()
		}
		if fallback := block.Fallback; fallback != nil {
			headers := object{}
			for _, header := range fallback.Headers {
				headers[header.Name] = header.Value
			}
			answer["fallback"] = object{"status": fallback.Status, "body": fallback.Body, "headers": headers}
		}
		return answer
	}
	if decision.Wait > 0 {
		return object{"wait": decision.Wait.Nanoseconds()}
	}
	return object{"pass": true}
}

func (r *run) exit(step *step) (any, error) {
	named := r.entries[step.Entry]
	if named == nil {
		return nil, fmt.Errorf("no entry is called %s", step.Entry)
	}
	var outcome error
	if step.Error {
		outcome = errors.New("the step says so")
	}
	some := named.open
	if step.Again {
		some = named.exited
	}
	if step.Count != nil {
		some = some[:min(*step.Count, len(some))]
	}
	for _, entry := range some {
		if err := entry.ExitWith(outcome); err != nil {
			return nil, err
		}
	}
	if !step.Again {
		named.exited = append(named.exited, some...)
		named.open = named.open[len(some):]
	}
	return object{}, nil
}

func (r *run) report(step *step) (any, error) {
	outcome, err := step.outcome()
	for range step.Repeat {
		if err == nil {
			err = r.engine.Report(step.Host, step.Instance, outcome)
		}
	}
	return object{}, err
}

func label(label *sergo.Label, err error) (any, error) {
	if label == nil {
		return object{"none": true}, err
	}
	return object{"lane": label.Lane, "baggage": object{label.Key: label.Lane}}, err
}

func (r *run) events() (any, error) {
	events, err := r.engine.Events()
	if err != nil {
		return nil, err
	}
	breakers := []object{}
	for _, event := range events {
		if event.Kind != sergo.BreakerChanged {
			continue
		}
		breaker := object{"resource": event.Resource, "strategy": event.Strategy, "from": event.From, "to": event.To}
		if event.Total > 0 {
			breaker["total"], breaker["bad"] = event.Total, event.Bad
		}
		breakers = append(breakers, breaker)
	}
	return object{"events": breakers}, nil
}

// orNull is the value, or null for none.
func orNull[T comparable](value T) any {
	var zero T
	if value == zero {
		return nil
	}
	return value
}
