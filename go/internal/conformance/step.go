package main

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"

	sergo "github.com/sergo-rs/sergo/go"
)

// step is one step of a vector: Op says which of the other fields count.
type step struct {
	Op string `json:"op"`
	At int64  `json:"at"` // nanoseconds since the engine was made

	// rules
	Text string `json:"text"`

	// enter; state has the resource, too
	Resource  string  `json:"resource"`
	Cost      uint32  `json:"cost"`
	Direction string  `json:"direction"`
	As        *string `json:"as"`
	Repeat    int     `json:"repeat"`

	// exit
	Entry string `json:"entry"`
	Error bool   `json:"error"`
	Count *int   `json:"count"`
	Again bool   `json:"again"`

	// state
	Strategy string `json:"strategy"`

	// load
	CPU    *float64 `json:"cpu"`
	Load1  *float64 `json:"load1"`
	Memory *float64 `json:"memory"`

	// endpoints
	Host      string     `json:"host"`
	Instances []instance `json:"instances"`

	// route, pick, label and connect, with the host
	Method  string      `json:"method"`
	Path    string      `json:"path"`
	Scheme  string      `json:"scheme"`
	Port    uint16      `json:"port"`
	Headers [][2]string `json:"headers"`
	Client  string      `json:"client"`
	Source  source      `json:"source"`
	Rolls   []float64   `json:"rolls"`
	Hash    *string     `json:"hash"`
	SNI     string      `json:"sni"`
	Address string      `json:"address"`
	RPC     *rpc        `json:"rpc"`

	// report
	Instance string `json:"instance"`
	Outcome  string `json:"outcome"`

	// label
	Trust bool `json:"trust"`
}

type rpc struct {
	Service string `json:"service"`
	Method  string `json:"method"`
	Args    []struct {
		Type  *string `json:"type"`
		Value *string `json:"value"`
	} `json:"args"`
	Attachments map[string]string `json:"attachments"`
}

// public is the call, or nil for none.
func (r *rpc) public() *sergo.RPC {
	if r == nil {
		return nil
	}
	call := &sergo.RPC{Service: r.Service, Method: r.Method, Attachments: r.Attachments}
	for _, argument := range r.Args {
		call.Arguments = append(call.Arguments, sergo.RPCArgument{Type: argument.Type, Value: argument.Value})
	}
	return call
}

type instance struct {
	ID      string            `json:"id"`
	Labels  map[string]string `json:"labels"`
	Healthy *bool             `json:"healthy"`
	Weight  *uint32           `json:"weight"`
	Zone    string            `json:"zone"`
}

type source struct {
	Labels    map[string]string `json:"labels"`
	Namespace string            `json:"namespace"`
	Gateway   string            `json:"gateway"`
}

// UnmarshalJSON gives what is absent its default.
func (s *step) UnmarshalJSON(text []byte) error {
	type plain step
	defaults := plain{Cost: 1, Repeat: 1, Trust: true}
	if err := json.Unmarshal(text, &defaults); err != nil {
		return err
	}
	*s = step(defaults)
	return nil
}

func (s *step) systemLoad() sergo.SystemLoad {
	return sergo.SystemLoad{CPU: known(s.CPU), Load1: known(s.Load1), Memory: known(s.Memory)}
}

// known is the figure, or no number for none.
func known(figure *float64) float64 {
	if figure == nil {
		return math.NaN()
	}
	return *figure
}

func (s *step) instances() []sergo.Instance {
	instances := make([]sergo.Instance, len(s.Instances))
	for i, instance := range s.Instances {
		instances[i] = sergo.Instance{
			ID:        instance.ID,
			Labels:    instance.Labels,
			Unhealthy: instance.Healthy != nil && !*instance.Healthy,
			Weight:    instance.Weight,
			Zone:      instance.Zone,
		}
	}
	return instances
}

func (s *step) request() sergo.Request {
	header := make(http.Header)
	for _, pair := range s.Headers {
		header.Add(pair[0], pair[1])
	}
	return sergo.Request{
		Host:   s.Host,
		Method: s.Method,
		Path:   s.Path,
		Scheme: s.Scheme,
		Port:   s.Port,
		Header: header,
		Client: s.Client,
		Caller: s.caller(),
		RPC:    s.RPC.public(),
		Hash:   s.Hash,
		Rolls:  s.Rolls,
	}
}

// outcome is what came of a call.
func (s *step) outcome() (sergo.CallOutcome, error) {
	for outcome := sergo.CallSuccess; outcome <= sergo.CallCancelled; outcome++ {
		if outcome.String() == s.Outcome {
			return outcome, nil
		}
	}
	return 0, fmt.Errorf("unknown outcome: %s", s.Outcome)
}

func (s *step) connection() sergo.Connection {
	return sergo.Connection{
		Host:    s.Host,
		SNI:     s.SNI,
		Address: s.Address,
		Port:    s.Port,
		Client:  s.Client,
		Caller:  s.caller(),
		Hash:    s.Hash,
		Rolls:   s.Rolls,
	}
}

func (s *step) caller() sergo.Caller {
	return sergo.Caller{Labels: s.Source.Labels, Namespace: s.Source.Namespace, Gateway: s.Source.Gateway}
}
