package sergo

import (
	"encoding/json"
	"fmt"

	"github.com/sergo-rs/sergo/go/internal/native"
)

// Instance is one instance of a host, as discovery found it. With nothing but an
// ID it is healthy and has the weight 1.
type Instance struct {
	// ID is its identity.
	ID string
	// Labels are its labels: subsets are told apart by them.
	Labels map[string]string
	// Unhealthy keeps requests away from it.
	Unhealthy bool
	// Weight is its share among its like; nil is 1, and 0 gets nothing.
	Weight *uint32
	// Zone is where it runs; empty is unknown.
	Zone string
}

// instanceText is an instance in the form that the library reads.
type instanceText struct {
	ID      string            `json:"id"`
	Labels  map[string]string `json:"labels,omitempty"`
	Healthy bool              `json:"healthy"`
	Weight  *uint32           `json:"weight,omitempty"`
	Zone    string            `json:"zone,omitempty"`
}

// SetInstances tells what discovery knows of a host, replacing what it knew: nil
// or an empty list is a host without instances. A host of which nothing was ever
// told is unknown, not empty. Errors are [*Error].
func (e *Engine) SetInstances(host string, instances []Instance) error {
	list, err := instanceList(instances)
	if err != nil {
		return fmt.Errorf("sergo: set instances: %w", err)
	}
	code := native.SetInstances(e.handle, host, list)
	e.instances.clear()
	return failure("set instances", code)
}

// UpdateInstances tells what has changed of a host: instances that are new or
// take the place of those with their ids, and the ids of those that are gone. What
// is known of the others stays. Errors are [*Error].
func (e *Engine) UpdateInstances(host string, changed []Instance, gone []string) error {
	list, err := instanceList(changed)
	if err != nil {
		return fmt.Errorf("sergo: update instances: %w", err)
	}
	ids, err := json.Marshal(append([]string{}, gone...)) // nil would be null
	if err != nil {
		return fmt.Errorf("sergo: update instances: %w", err)
	}
	code := native.UpdateInstances(e.handle, host, string(list), string(ids))
	e.instances.clear()
	return failure("update instances", code)
}

// instanceList is the instances as the library reads them.
func instanceList(instances []Instance) ([]byte, error) {
	texts := make([]instanceText, len(instances))
	for i, instance := range instances {
		texts[i] = instanceText{
			ID:      instance.ID,
			Labels:  instance.Labels,
			Healthy: !instance.Unhealthy,
			Weight:  instance.Weight,
			Zone:    instance.Zone,
		}
	}
	return json.Marshal(texts)
}

// instance is the instance of a host that the library knows by this number; nil
// when discovery knows it no longer. It is asked once until discovery tells more.
func (e *Engine) instance(host string, id native.InstanceID) (*Instance, error) {
	if instance, known := e.instances.get(id); known {
		return instance, nil
	}
	epoch := e.instances.now()
	answer, code := native.Instance(e.handle, host, id)
	if code == native.Stale {
		return nil, nil
	}
	if code != native.OK {
		return nil, failure("instance", code)
	}
	var text instanceText
	if err := decode("instance", answer, &text); err != nil {
		return nil, err
	}
	instance := &Instance{ID: text.ID, Labels: text.Labels, Unhealthy: !text.Healthy, Weight: text.Weight, Zone: text.Zone}
	e.instances.put(epoch, id, instance)
	return instance, nil
}
