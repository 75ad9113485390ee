package sergo

import "github.com/sergo-rs/sergo/go/internal/native"

// Connection is what routes look at in a connection of which only the outside is
// seen: TLS that others end, or plain TCP. Only the host is needed.
type Connection struct {
	// Host is the host that is called, perhaps with a port.
	Host string
	// SNI is the name that a TLS client asks for; empty is no TLS.
	SNI string
	// Address is the destination's IP address; empty is unknown.
	Address string
	// Port is the destination port; 0 is none.
	Port uint16
	// Client is the caller's IP address; empty is unknown.
	Client string
	// Caller says who calls; what it leaves open is the engine's own.
	Caller Caller
	// Hash is a sticky key: the same key always gets the same destination.
	// Nil is none; an empty key is one, too.
	Hash *string
	// Rolls are the random numbers to decide by, each in [0, 1): used in
	// order, the last one for all that follow. Nil: the package's own.
	Rolls []float64
}

// Connect tells where a connection goes, by the TLS and TCP routes: to a
// destination (Routed), nowhere that a rule says (NoRoute), or to one without a
// healthy instance (Empty). The caller connects. Errors are [*Error]: a text is
// not UTF-8, say.
func (e *Engine) Connect(connection Connection) (Routing, error) {
	e.tellTime()
	random := randomOf(connection.Rolls)
	answer, err := e.answered("connect", func() (native.AnswerID, native.Code) {
		return native.Connect(e.handle, native.Connection{
			Host:            connection.Host,
			SNI:             connection.SNI,
			Address:         connection.Address,
			Port:            connection.Port,
			Client:          connection.Client,
			Hash:            connection.Hash,
			CallerLabels:    connection.Caller.Labels,
			CallerNamespace: connection.Caller.Namespace,
			CallerGateway:   connection.Caller.Gateway,
		}, random)
	})
	if err != nil {
		return Routing{}, err
	}
	return answer.routing, nil
}
