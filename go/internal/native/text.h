// Included by the preambles of this package, where cgo knows _GoString_.

#include <sergo.h>

// An empty Go string may have no address, which would mean absent text.
static inline sergo_str go_text(_GoString_ text) {
	const char *data = _GoStringPtr(text);
	return sergo_str_of(data ? data : "", _GoStringLen(text));
}
