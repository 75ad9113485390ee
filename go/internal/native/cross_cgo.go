//go:build !(linux && (amd64 || arm64) && !go1.27 && !sergo_cgo)

package native

import "unsafe"

// cross calls a function of C with where its arguments are.
func cross(function, at unsafe.Pointer) Code { return crossByCgo(function, at) }
