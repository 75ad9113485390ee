package sergo

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestTooManyFoldersAreNotWatched(t *testing.T) {
	folder := t.TempDir()
	n := newNotices(2)
	defer n.close()
	look := func() bool {
		where := places{}
		File(folder).look(where)
		return n.watch(where)
	}
	if !look() || n.trouble() != nil || look() {
		t.Errorf("got %v and %v, want two folders watched", n.trouble(), n.places)
	}
	if err := os.Mkdir(filepath.Join(folder, "more"), 0o755); err != nil {
		t.Fatal(err)
	}
	<-n.told
	if look() || n.trouble() == nil || n.trouble().Error() != "3 folders are more than the 2 to watch" {
		t.Errorf("got %v", n.trouble())
	}
	if look() {
		t.Error("it began again")
	}
}

func TestWithoutNoticesASourceIsLookedAt(t *testing.T) {
	e, err := New("demo-app")
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	path := filepath.Join(t.TempDir(), "rules.yaml")
	s, err := e.Subscribe(File(path))
	if err != nil {
		t.Fatal(err)
	}
	s.notices.giveUp(os.ErrInvalid)
	if s.Polling() != os.ErrInvalid {
		t.Errorf("got %v", s.Polling())
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for s.Report() == nil {
		time.Sleep(time.Millisecond) // until it comes
	}
}
