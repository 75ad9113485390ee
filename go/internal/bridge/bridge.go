// Package bridge lets other packages of this module set the rules of an engine
// without giving its insides to everyone.
package bridge

import "github.com/sergo-rs/sergo/go/internal/native"

// Attached is an engine as whoever sets its rules sees it.
type Attached struct {
	// Handle is the engine's.
	Handle native.Handle
	// App is the app that it is for.
	App string
	// Applied is to be called after new rules have come into force.
	Applied func()
	// Detach takes Attach back.
	Detach func()
}

// Attach makes a *sergo.Engine call stop when it is closed, unless detached before;
// false when it is closed already. The package sergo sets it.
var Attach func(engine any, stop func()) (Attached, bool)

// Failure is the *sergo.Error for a code, nil for none. The package sergo sets it.
var Failure func(op string, code native.Code) error
