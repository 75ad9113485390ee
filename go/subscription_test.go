package sergo_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	sergo "github.com/sergo-rs/sergo/go"
)

// outcome is what OnChange was called with.
type outcome struct {
	report *sergo.Report
	err    error
}

// follow subscribes the engine to a path and gives what comes of it, the first
// outcome included.
func follow(t *testing.T, engine *sergo.Engine, path string) (*sergo.Subscription, <-chan outcome) {
	t.Helper()
	outcomes := make(chan outcome, 1000)
	subscription, err := engine.Subscribe(sergo.File(path), sergo.Every(0),
		sergo.OnChange(func(report *sergo.Report, err error) { outcomes <- outcome{report, err} }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = subscription.Close() })
	return subscription, outcomes
}

// next is the next outcome; that it comes at all is what may take a while.
func next(t *testing.T, outcomes <-chan outcome) outcome {
	t.Helper()
	select {
	case outcome := <-outcomes:
		return outcome
	case <-time.After(time.Minute):
		t.Fatal("nothing changed")
		return outcome{}
	}
}

// nextReport is the next outcome's report, which must have no mistake.
func nextReport(t *testing.T, outcomes <-chan outcome) *sergo.Report {
	t.Helper()
	outcome := next(t, outcomes)
	if outcome.err != nil {
		t.Fatal(outcome.err)
	}
	for _, mistake := range outcome.report.Rejected {
		t.Error(mistake)
	}
	return outcome.report
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// replace puts a file in its place at once, as one that is not seen half-written
// on the slowest machine.
func replace(t *testing.T, path, text string) {
	t.Helper()
	write(t, path+".new", text)
	must(t, os.Rename(path+".new", path))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// passes counts how many entries to /foo pass, up to 20, on an engine whose clock
// stands still. It steps over what was counted before.
func passes(t *testing.T, engine *sergo.Engine, clock *sergo.ManualClock) int {
	t.Helper()
	clock.Advance(time.Minute)
	for count := range 20 {
		if decide(t, engine, "GET:/foo").Block != nil {
			return count
		}
	}
	return 20
}

func TestAFileIsLoadedAtOnceAndFollowed(t *testing.T) {
	engine, clock := newEngine(t, "")
	path := filepath.Join(t.TempDir(), "rules.yaml")
	write(t, path, limit(3))
	subscription, outcomes := follow(t, engine, path)
	if report := subscription.Report(); report == nil || report.Accepted != 3 || subscription.Err() != nil {
		t.Fatalf("got %+v and %v, want 3 accepted", report, subscription.Err())
	}
	if nextReport(t, outcomes) != subscription.Report() {
		t.Error("OnChange was given another first report")
	}
	if got := passes(t, engine, clock); got != 3 {
		t.Errorf("%d passed, want 3", got)
	}

	write(t, path, limit(5))
	for nextReport(t, outcomes).Accepted != 3 {
		continue // the test was held up between cutting the file and writing it
	}
	if got := passes(t, engine, clock); got != 5 {
		t.Errorf("after writing: %d passed, want 5", got)
	}

	replace(t, path, limit(7))
	nextReport(t, outcomes)
	if got := passes(t, engine, clock); got != 7 {
		t.Errorf("after renaming: %d passed, want 7", got)
	}
}

func TestAFolderIsOnePushOfItsRuleFiles(t *testing.T) {
	engine, clock := newEngine(t, "")
	folder := t.TempDir()
	documents := strings.Split(limit(2), "---")
	write(t, filepath.Join(folder, "b.yaml"), documents[2])
	write(t, filepath.Join(folder, "deep", "er", "a.yml"), documents[0])
	write(t, filepath.Join(folder, "c.json"), `{"kind": "List", "apiVersion": "v1", "items": []}`)
	must(t, os.Mkdir(filepath.Join(folder, "looks.yaml"), 0o755))
	for _, ignored := range []string{".hidden.yaml", ".git/a.yaml", "notes.txt", "a.yaml~", "yaml"} {
		write(t, filepath.Join(folder, ignored), "no: rule: at all")
	}
	must(t, os.Symlink("nowhere", filepath.Join(folder, "dangling")))

	_, outcomes := follow(t, engine, folder)
	if report := nextReport(t, outcomes); report.Accepted != 2 || len(report.Waiting) != 1 {
		t.Errorf("got %+v, want 2 accepted of which one waits", report)
	}
	replace(t, filepath.Join(folder, "looks.yaml", "d.yaml"), documents[1])
	if report := nextReport(t, outcomes); report.Accepted != 3 || len(report.Waiting) != 0 {
		t.Errorf("got %+v, want 3 accepted", report)
	}
	if got := passes(t, engine, clock); got != 2 {
		t.Errorf("%d passed, want 2", got)
	}
	for _, name := range []string{"b.yaml", "c.json", "deep", "looks.yaml"} {
		must(t, os.RemoveAll(filepath.Join(folder, name)))
	}
	for report := nextReport(t, outcomes); report.Accepted != 0; {
		report = nextReport(t, outcomes) // some of the files may be gone before the others
	}
	if got := passes(t, engine, clock); got != 20 {
		t.Errorf("after the last file went, %d passed, want all 20", got)
	}
}

func TestFilesAreNamedInReports(t *testing.T) {
	engine, _ := newEngine(t, "")
	folder := t.TempDir()
	path := filepath.Join(folder, "rules.yaml")
	write(t, path, strings.Replace(limit(1), "threshold: 1", "threshold: many", 1))
	subscription, err := engine.Subscribe(sergo.File(folder))
	must(t, err)
	report := subscription.Report()
	if len(report.Rejected) != 1 || report.Rejected[0].Source != path {
		t.Errorf("got %+v, want a mistake in %s", report.Rejected, path)
	}
}

func TestAConfigMapsSwapIsSeen(t *testing.T) {
	engine, clock := newEngine(t, "")
	folder := t.TempDir()
	same := time.Unix(1_700_000_000, 0)
	version := func(name string, n int) {
		path := filepath.Join(folder, name, "rules.yaml")
		write(t, path, limit(n))
		must(t, os.Chtimes(path, same, same))
		must(t, os.Symlink(name, filepath.Join(folder, "..data_tmp")))
		must(t, os.Rename(filepath.Join(folder, "..data_tmp"), filepath.Join(folder, "..data")))
	}
	version("..2024_1", 3)
	must(t, os.Symlink(filepath.Join("..data", "rules.yaml"), filepath.Join(folder, "rules.yaml")))
	_, outcomes := follow(t, engine, folder)
	if report := nextReport(t, outcomes); report.Accepted != 3 {
		t.Errorf("got %+v, want 3 accepted", report)
	}
	version("..2024_2", 4) // of one size and time with the first
	nextReport(t, outcomes)
	if got := passes(t, engine, clock); got != 4 {
		t.Errorf("%d passed, want 4", got)
	}
}

func TestAWriteThatDoesNotShowRightAfterTheFirstLoadIsTaken(t *testing.T) {
	engine, clock := newEngine(t, "")
	path := filepath.Join(t.TempDir(), "rules.yaml")
	same := time.Unix(1_700_000_000, 0)
	write(t, path, limit(3))
	must(t, os.Chtimes(path, same, same))
	_, outcomes := follow(t, engine, path)
	nextReport(t, outcomes)
	// In place, with one size and time: as if in one tick of the clock.
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	must(t, err)
	_, err = file.WriteString(limit(4))
	must(t, errors.Join(err, file.Close(), os.Chtimes(path, same, same)))
	nextReport(t, outcomes)
	if got := passes(t, engine, clock); got != 4 {
		t.Errorf("%d passed, want 4", got)
	}
}

func TestWhatCannotBeReadLeavesTheRulesAndSaysWhy(t *testing.T) {
	engine, clock := newEngine(t, "")
	folder := filepath.Join(t.TempDir(), "rules")
	path := filepath.Join(folder, "rules.yaml")
	write(t, path, limit(3))
	subscription, outcomes := follow(t, engine, folder)
	nextReport(t, outcomes)

	must(t, os.Rename(folder, folder+".away"))
	if got := next(t, outcomes); !errors.Is(got.err, fs.ErrNotExist) || got.report != nil {
		t.Errorf("the folder is gone: got %v", got.err)
	}
	if !errors.Is(subscription.Err(), fs.ErrNotExist) || subscription.Report() == nil {
		t.Errorf("the folder is gone: got %v and the report %v", subscription.Err(), subscription.Report())
	}
	if got := passes(t, engine, clock); got != 3 {
		t.Errorf("the folder is gone: %d passed, want 3", got)
	}

	must(t, os.Rename(folder+".away", folder))
	nextReport(t, outcomes)
	if subscription.Err() != nil {
		t.Errorf("the folder is back: %v", subscription.Err())
	}

	replace(t, filepath.Join(folder, "broken.yaml"), "caf\xe9")
	if got := next(t, outcomes); got.err == nil || !strings.Contains(got.err.Error(), "broken.yaml is not UTF-8") {
		t.Errorf("not UTF-8: got %v", got.err)
	}
	if got := passes(t, engine, clock); got != 3 {
		t.Errorf("not UTF-8: %d passed, want 3", got)
	}
	must(t, os.Remove(filepath.Join(folder, "broken.yaml")))
	nextReport(t, outcomes)
}

func TestASourceMayComeLater(t *testing.T) {
	engine, clock := newEngine(t, limit(2))
	path := filepath.Join(t.TempDir(), "later", "rules.yaml")
	subscription, outcomes := follow(t, engine, path)
	if !errors.Is(subscription.Err(), fs.ErrNotExist) || subscription.Report() != nil {
		t.Errorf("got %v and the report %v, want that it is not there", subscription.Err(), subscription.Report())
	}
	if got := next(t, outcomes); !errors.Is(got.err, fs.ErrNotExist) {
		t.Errorf("OnChange got %v, want that it is not there", got.err)
	}
	if got := passes(t, engine, clock); got != 2 {
		t.Errorf("%d passed, want the 2 of before", got)
	}
	must(t, os.Mkdir(filepath.Dir(path), 0o755))
	replace(t, path, limit(3))
	nextReport(t, outcomes)
	if got := passes(t, engine, clock); got != 3 {
		t.Errorf("%d passed, want 3", got)
	}
}

func TestATouchIsNoChange(t *testing.T) {
	engine, _ := newEngine(t, "")
	path := filepath.Join(t.TempDir(), "rules.yaml")
	write(t, path, limit(3))
	_, outcomes := follow(t, engine, path)
	first := nextReport(t, outcomes)
	for i := range 5 {
		at := time.Unix(1_700_000_000+int64(i), 0)
		must(t, os.Chtimes(path, at, at))
		time.Sleep(30 * time.Millisecond) // gives a wrong reload the time to come
	}
	replace(t, path, limit(4))
	if report := nextReport(t, outcomes); report.Version != first.Version+1 {
		t.Errorf("got version %d after %d, want the next one", report.Version, first.Version)
	}
}

func TestALinkToAFolderAboveItselfIsAnError(t *testing.T) {
	engine, _ := newEngine(t, "")
	folder := t.TempDir()
	must(t, os.Symlink(folder, filepath.Join(folder, "again")))
	subscription, err := engine.Subscribe(sergo.File(folder))
	must(t, err)
	if err := subscription.Err(); err == nil || !strings.Contains(err.Error(), "folders deep") {
		t.Errorf("got %v", err)
	}
}

func TestClosingLeavesNothingBehind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rules.yaml")
	write(t, path, limit(1))
	before := openFiles()
	ends := map[string]func(*sergo.Engine, *sergo.Subscription) error{
		"the subscription": func(_ *sergo.Engine, s *sergo.Subscription) error { return s.Close() },
		"the engine":       func(e *sergo.Engine, _ *sergo.Subscription) error { return e.Close() },
		"both, twice": func(e *sergo.Engine, s *sergo.Subscription) error {
			return errors.Join(s.Close(), e.Close(), e.Close(), s.Close())
		},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			engine, _ := newEngine(t, "")
			var subscriptions []*sergo.Subscription
			for range 10 {
				subscription, err := engine.Subscribe(sergo.File(path), sergo.Every(0))
				must(t, err)
				subscriptions = append(subscriptions, subscription)
			}
			for _, subscription := range subscriptions {
				must(t, end(engine, subscription))
			}
			until(t, func() bool { return running(following) == 0 })
		})
	}
	if after := openFiles(); after > before {
		t.Errorf("%d files are open, %d were before", after, before)
	}
}

// openFiles counts the open files where the system tells.
func openFiles() int {
	entries, _ := os.ReadDir("/proc/self/fd")
	return len(entries)
}

func TestASubscriptionCanBeClosedFromOnChange(t *testing.T) {
	engine, _ := newEngine(t, "")
	path := filepath.Join(t.TempDir(), "rules.yaml")
	write(t, path, limit(1))
	closed := make(chan struct{})
	var calls int
	subscriptions := make(chan *sergo.Subscription, 1)
	subscription, err := engine.Subscribe(sergo.File(path), sergo.Every(0), sergo.OnChange(func(*sergo.Report, error) {
		if calls++; calls == 2 {
			if err := errors.Join((<-subscriptions).Close(), engine.Close()); err != nil {
				t.Error(err)
			}
			close(closed)
		}
	}))
	must(t, err)
	subscriptions <- subscription
	replace(t, path, limit(2))
	<-closed
}
