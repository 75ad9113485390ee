package sergo

// Request is what routes look at in an outgoing request. Only the host is
// needed.
type Request struct {
	// Host is the host that is called, perhaps with a port.
	Host string
	// Method is the HTTP method; empty is GET.
	Method string
	// Path is the path, perhaps with a query; empty is "/".
	Path string
	// Scheme is the URL's scheme; empty is "http".
	Scheme string
	// Port is the destination port; 0 is none.
	Port uint16
	// Header holds the headers: an [net/http.Header] fits. Names match
	// without case; several values of one name are joined with a comma.
	Header map[string][]string
	// Client is the caller's IP address; empty is unknown.
	Client string
	// Caller says who calls; what it leaves open is the engine's own.
	Caller Caller
	// RPC is the remote procedure that is called; nil is none.
	RPC *RPC
	// Hash is a sticky key: the same key always gets the same destination and
	// instance. Nil is none; an empty key is one, too.
	Hash *string
	// Rolls are the random numbers to decide by, each in [0, 1): used in
	// order, the last one for all that follow. Nil: the package's own.
	Rolls []float64
}

// Caller says who makes a request.
type Caller struct {
	// Labels are the labels of the calling workload; nil is the engine's.
	Labels map[string]string
	// Namespace is its namespace; empty is the engine's.
	Namespace string
	// Gateway is the gateway that the request came in by; empty is the mesh.
	Gateway string
}

// RPC is a call of a remote procedure.
type RPC struct {
	// Service is the service's name, and Method the procedure's.
	Service, Method string
	// Arguments are what it is called with, in order.
	Arguments []RPCArgument
	// Attachments are what goes along with the call.
	Attachments map[string]string
}

// RPCArgument is an argument of a remote procedure.
type RPCArgument struct {
	// Type is its type's name; nil is unknown.
	Type *string
	// Value is its value as text; nil is unknown.
	Value *string
}
