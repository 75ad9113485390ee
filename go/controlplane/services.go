package controlplane

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sergo-rs/sergo/go/internal/bridge"
	"github.com/sergo-rs/sergo/go/internal/native"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

const reportMethod = "/opensergo.proto.service_contract.v1.MetadataService/ReportMetadata"

// Node is what a process says of itself beside its host's name and its number.
type Node struct {
	// Region and Zone are where it runs.
	Region, Zone string
	// Tag is its tag, Cluster its cluster, Env its environment.
	Tag, Cluster, Env string
}

// Offer is the services that a process offers at some addresses.
type Offer struct {
	// Addresses are where it listens.
	Addresses []Address `json:"listeningAddresses,omitempty"`
	// Protocols are what it speaks there: "http", "grpc", "dubbo".
	Protocols []string `json:"protocols,omitempty"`
	// Contract is what it offers there.
	Contract Contract `json:"serviceContract"`
}

// Address is where something listens.
type Address struct {
	// Address is the address, as others reach it.
	Address string `json:"address"`
	// Port is the port.
	Port uint16 `json:"portValue"`
}

// Contract is services, and the types that their methods use.
type Contract struct {
	// Services are the services.
	Services []Service `json:"services,omitempty"`
	// Types are the types.
	Types []Type `json:"types,omitempty"`
}

// Service is a service.
type Service struct {
	// Name is its name.
	Name string `json:"name"`
	// Methods are its methods.
	Methods []Method `json:"methods,omitempty"`
	// Description is what it is for.
	Description string `json:"description,omitempty"`
}

// Method is a method of a service.
type Method struct {
	// Name is its name.
	Name string `json:"name"`
	// InputTypes and OutputTypes are the names of the types that it takes and
	// gives.
	InputTypes  []string `json:"inputTypes,omitempty"`
	OutputTypes []string `json:"outputTypes,omitempty"`
	// ClientStreaming and ServerStreaming say whether several messages are sent.
	ClientStreaming bool `json:"clientStreaming,omitempty"`
	ServerStreaming bool `json:"serverStreaming,omitempty"`
	// Description is what it is for.
	Description string `json:"description,omitempty"`
	// HTTPPaths and HTTPMethods are how it is called over HTTP.
	HTTPPaths   []string `json:"httpPaths,omitempty"`
	HTTPMethods []string `json:"httpMethods,omitempty"`
}

// Type is a type that methods use.
type Type struct {
	// Name is its name.
	Name string `json:"name"`
	// Fields are its fields.
	Fields []Field `json:"fields,omitempty"`
}

// Field is a field of a type.
type Field struct {
	// Name is its name, and Number its number.
	Name   string `json:"name"`
	Number int32  `json:"number"`
	// Label is 1 for optional, 2 for required, 3 for repeated, 0 for none of them,
	// and Type as protobuf numbers them: 5 is an int32, 9 a string, 11 a message.
	Label int32 `json:"label,omitempty"`
	Type  int32 `json:"type"`
	// TypeName is the name of its type, where that is a message.
	TypeName string `json:"typeName,omitempty"`
	// Description is what it is for.
	Description string `json:"description,omitempty"`
}

// started is about when the process began.
var started = time.Now()

// identity is a node in the form that the library reads.
func (n Node) identity() any {
	type object = map[string]any
	host, _ := os.Hostname()
	identity := object{
		"identifier": object{
			"hostName": host, "pid": os.Getpid(),
			"startTimestamp": object{"seconds": started.Unix(), "nanos": started.Nanosecond()},
		},
		"locality": object{"region": n.Region, "zone": n.Zone},
	}
	for name, value := range map[string]string{"tag": n.Tag, "cluster": n.Cluster, "env": n.Env} {
		if value != "" {
			identity[name] = value
		}
	}
	return identity
}

// ReportServices tells the control plane which services this process offers: the
// first of the addresses that takes it. It has a connection of its own. Errors are
// those of the last address, and [*sergo.Error].
func (s *Subscription) ReportServices(ctx context.Context, node Node, offers ...Offer) error {
	self, err := json.Marshal(node.identity())
	if err != nil {
		return err
	}
	offered, err := json.Marshal(offers)
	if err != nil {
		return err
	}
	message, code := native.Metadata(s.engine.App, string(self), string(offered))
	if code != native.OK {
		return bridge.Failure("report services", code)
	}
	for _, address := range s.config.asked.Addresses {
		if err = s.tell(ctx, address, message); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

func (s *Subscription) tell(ctx context.Context, address string, message []byte) error {
	added, err := s.config.metadata(ctx)
	if err != nil {
		return fmt.Errorf("sergo: report services: no token: %w", err)
	}
	conn, err := grpc.NewClient(address, s.config.dialOptions()...)
	if err != nil {
		return fmt.Errorf("sergo: report services: %w", err)
	}
	defer conn.Close()
	var nothing []byte
	err = conn.Invoke(metadata.NewOutgoingContext(ctx, metadata.New(added)), reportMethod, message, &nothing, grpc.ForceCodec(raw{}))
	if err != nil {
		return errors.New("sergo: report services: " + reasonOf(err))
	}
	return nil
}
