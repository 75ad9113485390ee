// Package sergo governs traffic by OpenSergo rules: it decides whether a request
// may pass, and where it goes.
//
// An [Engine] is made for one app. Rules come from text ([Engine.Load]), from
// files that it watches ([Engine.Subscribe]), or from a control plane (the package
// controlplane). Work is guarded by [Engine.Enter] and [Entry.Exit], or by
// [Engine.Do] around a function; [Engine.Route] tells the destination of an outgoing
// request, [Engine.Pick] the instance too, [Engine.Connect] the destination of a
// connection. [Engine.Carry] finds the lane of a request that comes in, and keeps it
// in a context for the calls that are made for it. [Engine.Explain] and
// [Engine.ExplainRoute] say why, [Engine.Figures] counts, and [Engine.Listen] tells
// what happens.
//
//	engine, err := sergo.New("foo-app")
//	if err != nil {
//		return err
//	}
//	defer engine.Close()
//	if _, err := engine.Subscribe(sergo.File("rules/")); err != nil {
//		return err
//	}
//	err = engine.Do(ctx, "GET:/foo", func(ctx context.Context) error {
//		return serve(ctx)
//	})
//
// What a rule forbids is a [*BlockError], found with [errors.As]. It says which
// strategy of which rule blocked, when to try again, and what to answer.
// What goes wrong inside sergo is an [*Error] with a [Code]; a mistake in a rule
// is neither: the [Report] of loading it has it, and the last good version of
// that rule stays in force.
//
// The package sergohttp guards net/http handlers, and sends the requests of net/http
// clients where rules say.
//
// All methods may be called from any goroutine. Deciding takes no lock, and a
// pass allocates nothing.
package sergo
