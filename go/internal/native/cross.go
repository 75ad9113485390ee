package native

/*
#include <stdint.h>

#cgo noescape go_cross
#cgo nocallback go_cross
static int32_t go_cross(uintptr_t function, uintptr_t at) {
	return ((int32_t (*)(void *))function)((void *)at);
}
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// longPack is how many bytes of a request are worth telling the scheduler of: to
// look through them may take many microseconds.
const longPack = 4 << 10

// crossWith is [cross] for a call that looks through so many bytes.
func crossWith(function, at unsafe.Pointer, bytes int) Code {
	if bytes > longPack {
		return crossByCgo(function, at)
	}
	return cross(function, at)
}

// crossByCgo calls a function of C with where its arguments are. The scheduler is
// told before and after, so that others can run meanwhile however long it takes.
func crossByCgo(function, at unsafe.Pointer) Code {
	// As numbers: that what is there holds for the call is what KeepAlive says, and
	// cgo need not look for pointers in it.
	code := C.go_cross(C.uintptr_t(uintptr(function)), C.uintptr_t(uintptr(at)))
	runtime.KeepAlive(at)
	return Code(code)
}
