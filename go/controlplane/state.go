package controlplane

import (
	"context"
	"encoding/json"
	"time"

	"github.com/sergo-rs/sergo/go/internal/bridge"
	"github.com/sergo-rs/sergo/go/internal/native"
)

// Phase is what a subscription does about its connection.
type Phase string

// The phases.
const (
	// Waiting: it waits to dial again.
	Waiting Phase = "waiting"
	// Dialing: it dials.
	Dialing Phase = "dialing"
	// Connected: it is connected.
	Connected Phase = "connected"
)

// State is a subscription at one moment.
type State struct {
	// Phase is what it does about its connection.
	Phase Phase `json:"phase"`
	// Address is that of the connection, or of the next try.
	Address string `json:"address"`
	// Identifier is its name on this stream; empty without one.
	Identifier string `json:"identifier"`
	// ControlPlane is who serves, as far as it has said.
	ControlPlane string `json:"controlPlane"`
	// ConnectedSince is since when it is connected; zero where it is not.
	ConnectedSince time.Time `json:"-"`
	// LastPush is when the last push that counted came; zero before the first.
	LastPush time.Time `json:"-"`
	// DialsAt is when it will dial again; zero where it does not wait to.
	DialsAt time.Time `json:"-"`
	// Failures counts how many times it has waited to dial since something good
	// came.
	Failures int `json:"failures"`
	// LastError is what went wrong with the connection last; empty where nothing
	// has. It stays after it is over.
	LastError string `json:"lastError"`
	// Synced says whether on this stream each kind has been answered and what came
	// is in force. The first OpenSergo control plane says nothing of kinds that it
	// has nothing of: with it this stays false.
	Synced bool `json:"isSynced"`
	// Kinds has each kind that is subscribed to.
	Kinds []KindState `json:"subscriptions"`
}

// KindState is one subscription to a kind.
type KindState struct {
	// App is the app, or the service that is called.
	App string `json:"app"`
	// Kind is the kind, as in "traffic.opensergo.io/v1alpha1/TrafficRouter".
	Kind string `json:"kind"`
	// Version is that of its last push; nil before the first.
	Version *int64 `json:"version"`
	// Documents is how many are in force, or wait to be.
	Documents int `json:"documents"`
	// Answered says whether anything has come for it on this stream.
	Answered bool `json:"isAnswered"`
	// Refused is why the control plane does not serve it; empty where it does.
	Refused string `json:"refused"`
}

// UnmarshalJSON reads the form that the library gives, in which times are lengths.
func (s *State) UnmarshalJSON(text []byte) error {
	type plain State
	lengths := struct {
		*plain
		ConnectedFor *time.Duration `json:"connectedFor"`
		LastPushAgo  *time.Duration `json:"lastPushAgo"`
		DialsIn      *time.Duration `json:"dialsIn"`
	}{plain: (*plain)(s)}
	if err := json.Unmarshal(text, &lengths); err != nil {
		return err
	}
	now := time.Now()
	if lengths.ConnectedFor != nil {
		s.ConnectedSince = now.Add(-*lengths.ConnectedFor)
	}
	if lengths.LastPushAgo != nil {
		s.LastPush = now.Add(-*lengths.LastPushAgo)
	}
	if lengths.DialsIn != nil {
		s.DialsAt = now.Add(*lengths.DialsIn)
	}
	return nil
}

// State is what the subscription does at this moment. Errors are [*sergo.Error]: it
// is closed, or its engine is.
func (s *Subscription) State() (State, error) {
	var state State
	text, code := s.session.State()
	if code != native.OK {
		return state, bridge.Failure("state", code)
	}
	err := json.Unmarshal(text, &state)
	return state, err
}

// Wait waits until the state is as is says. The error is the context's when it is
// done before, and an [*sergo.Error] when the subscription is closed, or its engine.
func (s *Subscription) Wait(ctx context.Context, is func(State) bool) error {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		state, err := s.State()
		if err != nil || is(state) {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// WaitSynced waits until each kind has been answered and what came is in force: see
// [Subscription.Wait].
func (s *Subscription) WaitSynced(ctx context.Context) error {
	return s.Wait(ctx, func(state State) bool { return state.Synced })
}
