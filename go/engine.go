package sergo

import (
	"fmt"
	"sync"
	"time"

	"github.com/sergo-rs/sergo/go/internal/bridge"
	"github.com/sergo-rs/sergo/go/internal/native"
)

// How much an engine remembers so as not to ask twice.
const (
	maxResources    = 10_000
	maxBlocks       = 10_000
	maxAnswers      = 10_000
	maxHosts        = 10_000
	maxInstances    = 10_000
	maxResourceName = 1024 // bytes; longer names are no resources
)

// Engine decides for one app in one process. Make it with [New], and close it
// when it is no longer needed. All its methods may be called from any goroutine.
type Engine struct {
	handle native.Handle
	app    string
	clock  Clock // nil: the library reads the system's monotonic clock

	resources cache[string, native.ResourceID]
	blocks    cache[native.BlockID, *block]
	answers   cache[native.AnswerID, *answer]

	selections cache[string, *selection]
	instances  cache[native.InstanceID, *Instance]

	system sampler
	events mailbox

	mu        sync.Mutex
	closed    bool
	followers map[*follower]struct{}
}

// A follower keeps the engine's rules as a source has them.
type follower struct{ stop func() }

// Option changes how [New] makes an engine.
type Option func(*config)

type config struct {
	namespace string
	labels    map[string]string
	clock     Clock
	unsampled bool
}

// WithNamespace makes the engine heed the rules of this namespace instead of
// those of "default".
func WithNamespace(namespace string) Option {
	return func(c *config) { c.namespace = namespace }
}

// WithLabels says which labels the workload bears that the engine runs in; rules
// can select workloads by them.
func WithLabels(labels map[string]string) Option {
	return func(c *config) { c.labels = labels }
}

// WithClock makes the engine live by this clock instead of the system's: see
// [ManualClock]. Nil is the system's.
func WithClock(clock Clock) Option {
	return func(c *config) { c.clock = clock }
}

// New makes an engine that heeds the rules for the app. It has no rules yet:
// everything passes. Errors are [*Error]: a text is not UTF-8, or 4,096 engines
// are open.
func New(app string, opts ...Option) (*Engine, error) {
	if err := native.CheckABI(); err != nil {
		return nil, fmt.Errorf("sergo: new: %w", err)
	}
	var config config
	for _, opt := range opts {
		opt(&config)
	}
	handle, code := native.Open(app, config.namespace, config.labels)
	if code != native.OK {
		return nil, failure("new", code)
	}
	e := &Engine{handle: handle, app: app, clock: config.clock, followers: make(map[*follower]struct{})}
	e.system.off = config.unsampled
	e.resources.limit = maxResources
	e.blocks.limit = maxBlocks
	e.answers.limit = maxAnswers
	e.selections.limit = maxHosts
	e.instances.limit = maxInstances
	return e, nil
}

// Close ends the engine's subscriptions, the channels of [Engine.Listen] and
// sampling, and frees what it holds: when it returns, the engine has no goroutine
// left but one that is in a function of [OnChange]. Calls that are
// under way end as they would have; every later one is an [*Error] with the code
// [Closed], except Close, which does nothing the second time.
func (e *Engine) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	followers := e.followers
	e.followers = nil
	e.mu.Unlock()

	for follower := range followers {
		follower.stop()
	}
	e.system.close()
	e.closeEvents()
	return failure("close", native.Close(e.handle))
}

// Version is the version of the rules in force: 0 before the first, then counted
// up with every load. Errors are [*Error].
func (e *Engine) Version() (uint64, error) {
	version, code := native.Version(e.handle)
	return version, failure("version", code)
}

// attach makes Close stop the follower too; false when it has been called.
func (e *Engine) attach(f *follower) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	e.followers[f] = struct{}{}
	return true
}

func (e *Engine) detach(f *follower) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.followers, f)
}

// applied is to be called after new rules have come into force: what was remembered
// of those before is forgotten after that, so that none of it that is learnt
// meanwhile outlives them.
func (e *Engine) applied() {
	e.resources.clear()
	e.selections.clear()
	e.instances.clear()
	e.sampleIfNeeded()
}

func init() {
	bridge.Failure = failure
	bridge.Attach = func(engine any, stop func()) (bridge.Attached, bool) {
		e, f := engine.(*Engine), &follower{stop}
		return bridge.Attached{Handle: e.handle, App: e.app, Applied: e.applied, Detach: func() { e.detach(f) }}, e.attach(f)
	}
}

// tellTime makes calls that name no moment go by the clock that the engine was
// given: the library takes the last moment that it was told.
func (e *Engine) tellTime() {
	if e.clock != nil {
		_, _ = native.Ejected(e.handle, "", e.now())
	}
}

// now is the moment of a call, as the library wants it.
func (e *Engine) now() uint64 {
	if e.clock == nil {
		return native.Now
	}
	return uint64(max(e.clock.Now(), time.Duration(0)))
}
