package sergo

import (
	"errors"
	"fmt"
	"sync"
	"syscall"

	"github.com/fsnotify/fsnotify"
)

// notices is what the system tells of changes to files, where it does.
type notices struct {
	told    chan struct{} // something may have changed
	most    int           // folders to watch
	ended   chan struct{} // nobody hears any more
	watcher *fsnotify.Watcher

	mu         sync.Mutex
	places     places
	lost       map[string]bool // folders that are no longer what they were when they were watched
	incomplete bool            // some of what happened was not told
	why        error           // the system tells nothing, because of this
}

func newNotices(most int) *notices {
	n := &notices{told: make(chan struct{}, 1), most: most, ended: make(chan struct{}), lost: map[string]bool{}}
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		n.why = err
		close(n.ended)
		return n
	}
	n.watcher = watcher
	go n.hear()
	return n
}

// trouble is why the system tells nothing; nil where it does.
func (n *notices) trouble() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.why
}

// watch watches these places and no others, and says whether there are new ones,
// of which nothing was heard before. It is for one goroutine.
func (n *notices) watch(now places) bool {
	if n.trouble() != nil {
		return false
	}
	if len(now) > n.most {
		n.giveUp(fmt.Errorf("%d folders are more than the %d to watch", len(now), n.most))
		return false
	}
	n.mu.Lock()
	before, lost := n.places, n.lost
	if n.incomplete {
		lost = map[string]bool{}
		for folder := range before {
			lost[folder] = true
		}
	}
	// What happens from the moment on that they are watched is heard.
	n.places, n.lost, n.incomplete = now, map[string]bool{}, false
	n.mu.Unlock()

	for folder := range before {
		if _, stays := now[folder]; !stays || lost[folder] {
			_ = n.watcher.Remove(folder) // it may be gone, and its watch with it
		}
	}
	grown := false
	var missing []string
	for folder := range now {
		if _, had := before[folder]; had && !lost[folder] {
			continue
		}
		err := n.watcher.Add(folder)
		switch {
		case err == nil:
			grown = true
		case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EMFILE):
			n.giveUp(fmt.Errorf("watching %s: %w", folder, err))
			return false
		default: // gone meanwhile, or not to be looked into: tried again at the next look
			missing = append(missing, folder)
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, folder := range missing {
		delete(n.places, folder)
	}
	return grown
}

func (n *notices) giveUp(why error) {
	n.close()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.why = why
}

// hear notes what happens until the watcher is closed.
func (n *notices) hear() {
	defer close(n.ended)
	for {
		matters := true
		select {
		case event, open := <-n.watcher.Events:
			if !open {
				return
			}
			matters = n.note(event)
		case _, open := <-n.watcher.Errors:
			if !open {
				return
			}
			n.mu.Lock()
			n.incomplete = true
			n.mu.Unlock()
		}
		if matters {
			select {
			case n.told <- struct{}{}:
			default: // that was said already
			}
		}
	}
}

func (n *notices) note(event fsnotify.Event) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, watched := n.places[event.Name]; watched && event.Has(fsnotify.Create|fsnotify.Remove|fsnotify.Rename) {
		n.lost[event.Name] = true
	}
	return n.places.concern(event.Name)
}

// close ends it; nothing of it is left when it returns.
func (n *notices) close() {
	if n.watcher != nil {
		_ = n.watcher.Close()
	}
	<-n.ended
}
