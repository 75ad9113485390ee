package sergo

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/sergo-rs/sergo/go/internal/native"
)

// growing is a source that is being written: it looks different each time, until
// its last look.
type growing struct {
	folder string

	mu    sync.Mutex
	size  int
	last  int
	reads []int
}

func (g *growing) look(places) view {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.size < g.last {
		g.size++
	}
	path := filepath.Join(g.folder, strconv.Itoa(g.size))
	info, err := os.Stat(path)
	return view{files: []seen{{path, info}}, err: err}
}

func (g *growing) read(v view) ([]native.Source, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	size, err := strconv.Atoi(filepath.Base(v.files[0].path))
	g.reads = append(g.reads, size)
	// Each is another text without a document in it.
	return []native.Source{{Text: "# " + strconv.Itoa(size)}}, err
}

func TestWhatIsBeingWrittenIsNotRead(t *testing.T) {
	e, err := New("demo-app")
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	source := &growing{folder: t.TempDir(), last: 1}
	const looks = 20
	for size := range looks + 1 {
		if err := os.WriteFile(filepath.Join(source.folder, strconv.Itoa(size)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	loaded := make(chan struct{}, looks)
	_, err = e.Subscribe(source, Every(0), OnChange(func(*Report, error) { loaded <- struct{}{} }))
	if err != nil {
		t.Fatal(err)
	}
	<-loaded
	source.mu.Lock()
	source.last = looks
	source.mu.Unlock()
	<-loaded

	source.mu.Lock()
	defer source.mu.Unlock()
	// The first one may have been read once more before the writing began.
	if reads := slices.Compact(source.reads); !slices.Equal(reads, []int{1, looks}) {
		t.Errorf("the sizes %v were read, want only the first and the last", source.reads)
	}
}
