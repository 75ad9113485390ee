package sergo

import (
	"maps"
	"sync"
	"sync/atomic"
)

// A cache is a bounded map that is read without a lock. Reads look at an
// immutable map; what was added since is found under the lock, and takes the
// immutable map's place after as many such finds as it has entries, so that
// copying costs a constant per find.
//
// sync.Map would do the same, but takes its keys as interfaces, which puts every
// looked-up string on the heap.
type cache[K comparable, V any] struct {
	limit int
	read  atomic.Pointer[map[K]V]

	mu    sync.Mutex
	added map[K]V // all of read and more; nil when nothing was added
	finds int     // lookups that only added could answer
	epoch uint64  // counts clear
}

// get is the value of the key, if it is kept.
func (c *cache[K, V]) get(key K) (V, bool) {
	if read := c.read.Load(); read != nil {
		if value, ok := (*read)[key]; ok {
			return value, true
		}
	}
	return c.find(key)
}

// find is get for what is not in the immutable map.
func (c *cache[K, V]) find(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	value, ok := c.added[key]
	if ok {
		c.finds++
		if c.finds >= len(c.added) {
			added := c.added
			c.read.Store(&added)
			c.added, c.finds = nil, 0
		}
	}
	return value, ok
}

// now is the present epoch, for put.
func (c *cache[K, V]) now() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.epoch
}

// put keeps a value that was learnt in this epoch; a value from before the last
// clear is dropped. A full cache forgets everything else.
func (c *cache[K, V]) put(epoch uint64, key K, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if epoch != c.epoch {
		return
	}
	if c.added == nil {
		c.added = make(map[K]V)
		if read := c.read.Load(); read != nil {
			maps.Copy(c.added, *read)
		}
	}
	if len(c.added) >= c.limit {
		c.read.Store(nil)
		c.added, c.finds = make(map[K]V), 0
	}
	c.added[key] = value
}

// clear forgets everything, also what is being learnt.
func (c *cache[K, V]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read.Store(nil)
	c.added, c.finds = nil, 0
	c.epoch++
}
