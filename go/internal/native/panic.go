//go:build sergo_testpanic

package native

/*
#cgo CFLAGS: -DSERGO_TEST_PANIC
#include <sergo.h>
*/
import "C"

// Panic fails inside the library on purpose. Only a library that was built for
// tests has it.
func Panic(engine Handle) Code { return Code(C.sergo_test_panic(C.uint64_t(engine))) }
