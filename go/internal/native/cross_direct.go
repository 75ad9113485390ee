//go:build linux && (amd64 || arm64) && !go1.27 && !sergo_cgo

package native

import "unsafe"

// cross calls a function of C with where its arguments are, on the thread's own
// stack as cgo does, but without telling the scheduler before and after that the
// thread is away, which is two thirds of what cgo takes for a call. So it is for
// calls that never sleep, never call back, hold a lock, if any, for some instructions
// alone, and are over within microseconds: until then the goroutine can't be
// preempted, and nor does its stack move.
//
// The runtime makes its own calls of C so. It is no promise of Go's, hence this is
// built for the versions and systems that it was looked at on alone; elsewhere, and
// with the build tag sergo_cgo, calls go the plain way.
func cross(function, at unsafe.Pointer) Code { return Code(asmcgocall(function, at)) }

//go:linkname asmcgocall runtime.asmcgocall
//go:noescape
func asmcgocall(function, at unsafe.Pointer) int32
