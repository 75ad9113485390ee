package sergo

import (
	"os"
	"path/filepath"
	"strings"
)

// maxLinks is how many links may be on the way to one file, as the systems have it.
const maxLinks = 40

// places is where files are: in each folder, by its path without links, the names
// that matter; all of them where they are nil. It says what to watch so that no
// change goes unseen.
type places map[string]map[string]bool

// concern says whether something that happens to a path matters.
func (p places) concern(path string) bool {
	if _, watched := p[path]; watched {
		return true
	}
	names, watched := p[filepath.Dir(path)]
	return watched && (names == nil || names[filepath.Base(path)])
}

// addFolder adds all that is in a folder.
func (p places) addFolder(folder string) {
	if whole, err := filepath.Abs(folder); err == nil {
		if whole, err = filepath.EvalSymlinks(whole); err == nil {
			p[whole] = nil
		}
	}
}

// addWay adds each name on which it depends where a path leads: the links on the
// way and the last one, or the first that is missing.
func (p places) addWay(path string) {
	whole, err := filepath.Abs(path)
	if err != nil {
		return
	}
	at, ahead := split(whole)
	for links := 0; len(ahead) > 0 && links <= maxLinks; {
		name := ahead[0]
		ahead = ahead[1:]
		if name == ".." {
			at = filepath.Dir(at)
			continue
		}
		next := filepath.Join(at, name)
		target, err := os.Readlink(next)
		if err == nil {
			p.addName(at, name)
			root, parts := split(target)
			if root != "" {
				at = root
			}
			ahead = append(parts, ahead...)
			links++
			continue
		}
		if _, err := os.Lstat(next); err != nil || len(ahead) == 0 {
			p.addName(at, name)
			return
		}
		at = next
	}
}

func (p places) addName(folder, name string) {
	names, watched := p[folder]
	switch {
	case !watched:
		p[folder] = map[string]bool{name: true}
	case names != nil:
		names[name] = true
	}
}

// split is the root of a path, which one that is not absolute has none of, and
// its parts. It leaves .. as it is, for a link may be before it.
func split(path string) (root string, parts []string) {
	rest := path[len(filepath.VolumeName(path)):]
	if filepath.IsAbs(path) {
		root = filepath.VolumeName(path) + string(filepath.Separator)
	}
	isSeparator := func(r rune) bool { return r < 0x80 && os.IsPathSeparator(uint8(r)) }
	for _, part := range strings.FieldsFunc(rest, isSeparator) {
		if part != "." {
			parts = append(parts, part)
		}
	}
	return root, parts
}
