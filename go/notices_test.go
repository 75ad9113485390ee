package sergo_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	sergo "github.com/sergo-rs/sergo/go"
)

// told subscribes an engine that looks by itself once an hour: what it sees of
// changes, the system has told it.
func told(t *testing.T, path string) (*sergo.Engine, *sergo.Subscription) {
	t.Helper()
	engine, _ := newEngine(t, "")
	subscription, err := engine.Subscribe(sergo.File(path), sergo.Every(time.Hour))
	must(t, err)
	must(t, subscription.Polling())
	return engine, subscription
}

// limited waits until the limit of /foo is n.
func limited(t *testing.T, engine *sergo.Engine, n int) {
	t.Helper()
	until(t, func() bool {
		explained, err := engine.Explain("GET:/foo")
		must(t, err)
		return len(explained.Gates) == 1 && explained.Gates[0].Limit != nil && *explained.Gates[0].Limit == float64(n)
	})
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	must(t, os.Rename(from, to))
}

func TestTheSystemTellsOfFilesThatAreWrittenOrPutInTheirPlace(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "a.yaml")
	write(t, path, limit(1))
	engine, _ := told(t, folder)
	limited(t, engine, 1)
	write(t, path, limit(2))
	limited(t, engine, 2)
	// As editors save: beside it, with the old one as a copy, and back.
	write(t, filepath.Join(folder, ".a.yaml.swp"), limit(3))
	rename(t, path, path+"~")
	rename(t, filepath.Join(folder, ".a.yaml.swp"), path)
	limited(t, engine, 3)
	write(t, path, limit(4))
	limited(t, engine, 4)
	must(t, os.Remove(path))
	until(t, func() bool {
		explained, err := engine.Explain("GET:/foo")
		must(t, err)
		return !explained.Governed
	})
}

func TestTheSystemTellsOfOneFileAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.yaml")
	engine, _ := told(t, path)
	for n := 1; n < 4; n++ {
		replace(t, path, limit(n))
		limited(t, engine, n)
	}
	write(t, path, limit(4))
	limited(t, engine, 4)
}

func TestTheSystemTellsOfFoldersThatComeAndGoAndComeAgain(t *testing.T) {
	folder := t.TempDir()
	rules := filepath.Join(folder, "rules")
	engine, subscription := told(t, rules)
	for n := 1; n < 30; n += 3 {
		write(t, filepath.Join(rules, "more", "and", "a.yaml"), limit(n))
		limited(t, engine, n)
		write(t, filepath.Join(folder, "beside", "b.yaml"), limit(n+1))
		must(t, os.RemoveAll(filepath.Join(rules, "more")))
		rename(t, filepath.Join(folder, "beside"), filepath.Join(rules, "beside"))
		limited(t, engine, n+1)
		write(t, filepath.Join(rules, "beside", "b.yaml"), limit(n+2))
		limited(t, engine, n+2)
		// Each time it is another folder of the same name.
		must(t, os.RemoveAll(rules))
		until(t, func() bool { return subscription.Err() != nil })
	}
}

func TestTheSystemTellsOfASwapAndOfWhatLinksPointInto(t *testing.T) {
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, filepath.FromSlash(name)) }
	link := func(name, to string) { must(t, os.Symlink(filepath.FromSlash(to), at(name))) }
	write(t, at("rules/..1/a.yaml"), limit(1))
	write(t, at("rules/..2/a.yaml"), limit(2))
	write(t, at("elsewhere/a.yaml"), limit(7))
	link("rules/..data", "..1")
	link("rules/a.yaml", "..data/a.yaml")
	link("way", "rules")
	engine, _ := told(t, at("way"))
	limited(t, engine, 1)
	link("rules/..new", "..2")
	rename(t, at("rules/..new"), at("rules/..data"))
	must(t, os.RemoveAll(at("rules/..1")))
	limited(t, engine, 2)
	write(t, at("rules/..2/a.yaml"), limit(3))
	limited(t, engine, 3)
	link("rules/a.new", "../elsewhere/a.yaml")
	rename(t, at("rules/a.new"), at("rules/a.yaml"))
	limited(t, engine, 7)
	write(t, at("elsewhere/a.yaml"), limit(8))
	limited(t, engine, 8)
}

func TestClosingLeavesNoWatch(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Log("only Linux says what is open")
	}
	path := filepath.Join(t.TempDir(), "rules.yaml")
	write(t, path, limit(1))
	before := watches()
	engine, _ := newEngine(t, "")
	for range 5 {
		subscription, err := engine.Subscribe(sergo.File(path))
		must(t, err)
		if got := watches(); runtime.GOOS == "linux" && got != before+1 {
			t.Errorf("%d watches, want %d", got, before+1)
		}
		must(t, subscription.Close())
		if got := watches(); got != before {
			t.Errorf("%d watches are left, %d were before", got, before)
		}
	}
	// A goroutine that has said that it ends takes a moment.
	until(t, func() bool { return running("fsnotify.") == 0 && running(".(*notices).hear(") == 0 })
}

// watches counts what is open to be told of changes.
func watches() int {
	count := 0
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, entry := range entries {
		target, _ := os.Readlink(filepath.Join("/proc/self/fd", entry.Name()))
		if strings.Contains(target, "inotify") {
			count++
		}
	}
	return count
}
