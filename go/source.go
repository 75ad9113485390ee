package sergo

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sergo-rs/sergo/go/internal/native"
)

// Source is a place where rules come from, for [Engine.Subscribe]. The one there
// is: [File]. A control plane tells by itself when rules change: see the package
// controlplane.
type Source interface {
	// look is a cheap view of the place as it is now. It adds where to watch for
	// changes of the view, also where that is of an error.
	look(where places) view
	// read is the rules that a view is of.
	read(view) ([]native.Source, error)
}

// File is the rules in a file, or in a folder and all folders below it: there,
// every file whose name ends in .yaml, .yml or .json, in the order of their
// paths, except hidden ones (those whose names start with a dot). Links are
// followed, so that a mounted ConfigMap of Kubernetes is seen to change.
func File(path string) Source { return fileSource(path) }

type fileSource string

// maxDepth is how many folders deep a folder is looked into: a link to a folder
// above itself must end somewhere.
const maxDepth = 32

// A view is what can be seen of a source without reading it: which files there
// are and what the system says of them, or why that can't be seen.
type view struct {
	files []seen
	err   error
}

type seen struct {
	path string
	info os.FileInfo
}

// same says whether nothing is seen to have changed between two views.
func (v view) same(other view) bool {
	if (v.err == nil) != (other.err == nil) || v.err != nil && v.err.Error() != other.err.Error() {
		return false
	}
	return slices.EqualFunc(v.files, other.files, func(a, b seen) bool {
		return a.path == b.path && a.info.Size() == b.info.Size() &&
			a.info.ModTime().Equal(b.info.ModTime()) && os.SameFile(a.info, b.info)
	})
}

func (f fileSource) look(where places) view {
	where.addWay(string(f))
	info, err := os.Stat(string(f))
	if err != nil {
		return view{err: err}
	}
	if !info.IsDir() {
		return view{files: []seen{{string(f), info}}}
	}
	files, err := walk(nil, string(f), 0, where)
	if err != nil {
		return view{err: err}
	}
	slices.SortFunc(files, func(a, b seen) int { return strings.Compare(a.path, b.path) })
	return view{files: files}
}

// walk adds the rule files in the folder to files.
func walk(files []seen, folder string, depth int, where places) ([]seen, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%s is more than %d folders deep: does a link lead back to a folder above it?", folder, maxDepth)
	}
	where.addFolder(folder)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasPrefix(name, ".") || !entry.IsDir() && entry.Type()&fs.ModeSymlink == 0 && !isRules(name) {
			continue
		}
		path := filepath.Join(folder, name)
		if entry.Type()&fs.ModeSymlink != 0 {
			where.addWay(path)
		}
		info, err := os.Stat(path) // of what a link leads to
		switch {
		case err != nil && !isRules(name):
			continue // a dangling link that would not be read anyway
		case err != nil:
			return nil, err
		case info.IsDir():
			if files, err = walk(files, path, depth+1, where); err != nil {
				return nil, err
			}
		case isRules(name):
			files = append(files, seen{path, info})
		}
	}
	return files, nil
}

func isRules(name string) bool {
	switch filepath.Ext(name) {
	case ".yaml", ".yml", ".json":
		return true
	default:
		return false
	}
}

func (f fileSource) read(v view) ([]native.Source, error) {
	if v.err != nil {
		return nil, v.err
	}
	sources := make([]native.Source, len(v.files))
	for i, file := range v.files {
		bytes, err := os.ReadFile(file.path)
		if err != nil {
			return nil, err
		}
		if !utf8.Valid(bytes) {
			return nil, fmt.Errorf("%s is not UTF-8 text: write it in UTF-8", file.path)
		}
		sources[i] = native.Source{Name: file.path, Text: string(bytes)}
	}
	return sources, nil
}
