package sergohttp

import (
	"net/http"
	"strings"
)

// templateOf names requests METHOD:template. The template is the path of the
// pattern that the mux has for the request; without a mux, of the pattern that
// an outer mux has matched; else it is the path itself.
func templateOf(mux *http.ServeMux) func(*http.Request) string {
	return func(r *http.Request) string {
		pattern := r.Pattern
		if mux != nil {
			_, pattern = mux.Handler(r)
		}
		template := template(pattern)
		if template == "" {
			template = r.URL.Path
		}
		return r.Method + ":" + template
	}
}

// template is the path of a pattern "[METHOD ][HOST]/[PATH]". The mark {$}, which
// says that a path ends there, is no part of it: "/{$}" is the template "/".
func template(pattern string) string {
	start := strings.IndexByte(pattern, '/')
	if start < 0 {
		return ""
	}
	return strings.TrimSuffix(pattern[start:], "{$}")
}
