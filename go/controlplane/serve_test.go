package controlplane_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	sergo "github.com/sergo-rs/sergo/go"
)

// plane is a control plane: the command sergo serve.
type plane struct {
	address, http string
	command       *exec.Cmd
}

// serve starts a control plane for the rules in a folder, which ends with the test.
func serve(t testing.TB, folder string, more ...string) *plane {
	t.Helper()
	target := os.Getenv("CARGO_TARGET_DIR")
	if target == "" {
		target = filepath.Join("..", "..", "target")
	}
	arguments := append([]string{"serve", "--rules", folder, "--listen", "127.0.0.1:0", "--format", "json"}, more...)
	command := exec.Command(filepath.Join(target, "release", "sergo"), arguments...)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatalf("%v: make native builds it", err)
	}
	p := &plane{command: command}
	t.Cleanup(p.kill)
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		var event struct{ Event, GRPC, HTTP string }
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			t.Fatalf("%v in %s", err, lines.Bytes())
		}
		if event.Event == "listening" {
			p.address, p.http = event.GRPC, event.HTTP
			go func() { _, _ = io.Copy(io.Discard, output) }()
			return p
		}
	}
	t.Fatal("the control plane does not listen")
	return nil
}

// kill ends it without a farewell.
func (p *plane) kill() {
	_ = p.command.Process.Kill()
	_ = p.command.Wait()
}

// clients is what it says of its clients.
func (p *plane) clients(t *testing.T) string {
	t.Helper()
	response, err := http.Get("http://" + p.http + "/v1/clients")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// limit is rules that let n requests through to /foo in any hour.
func limit(n any) string {
	return fmt.Sprintf(`
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: RateLimitStrategy
metadata: {name: limit}
spec: {metricType: RequestAmount, limitMode: Local, threshold: %v, statDuration: 1h}
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FaultToleranceRule
metadata: {name: rule}
spec:
  selector: {app: demo-app}
  targets: [{targetResourceName: /foo}]
  strategies: [{name: limit, kind: RateLimitStrategy}]
`, n)
}

// folder is a folder with rules in one file.
func folder(t testing.TB, rules string) string {
	t.Helper()
	path := t.TempDir()
	write(t, path, "rules.yaml", rules)
	return path
}

func write(t testing.TB, folder, name, rules string) {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path+".new", []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func newEngine(t testing.TB) *sergo.Engine {
	t.Helper()
	engine, err := sergo.New("demo-app")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	return engine
}

// blocked says whether a request is.
func blocked(t testing.TB, engine *sergo.Engine, resource string) bool {
	t.Helper()
	decision, err := engine.Decide(resource)
	if err != nil {
		t.Fatal(err)
	}
	_ = decision.Entry.Exit()
	return decision.Block != nil
}

// until waits for what must come: if it does not, go test ends the wait.
func until(t testing.TB, come func() bool) {
	t.Helper()
	for !come() {
		time.Sleep(5 * time.Millisecond)
	}
}

// relay stands before a control plane, which may go and come back behind it.
type relay struct {
	listener net.Listener

	mu     sync.Mutex
	behind string // nobody where empty
	limit  int    // how many bytes come back through the next connection; 0 is all
	then   func() // what is done then
	pairs  []*pair
}

// pair is a connection through a relay.
type pair struct {
	front, back net.Conn
	frozen      atomic.Bool // what comes is swallowed, and nothing is closed
}

func newRelay(t *testing.T, behind string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{listener: listener, behind: behind}
	t.Cleanup(func() {
		_ = listener.Close()
		r.cut("")
	})
	go r.accept()
	return r
}

func (r *relay) address() string { return r.listener.Addr().String() }

// cut closes all connections; those to come go elsewhere.
func (r *relay) cut(behind string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.behind = behind
	for _, pair := range r.pairs {
		_ = pair.front.Close()
		_ = pair.back.Close()
	}
	r.pairs = nil
}

// cutNext has the next connection cut after so many bytes; before that this is
// called.
func (r *relay) cutNext(limit int, then func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.limit, r.then = limit, then
}

// freeze leaves all connections half open.
func (r *relay) freeze() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, pair := range r.pairs {
		pair.frozen.Store(true)
	}
}

func (r *relay) accept() {
	for {
		front, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.mu.Lock()
		back, err := net.Dial("tcp", r.behind)
		if err != nil {
			_ = front.Close()
		} else {
			pair := &pair{front: front, back: back}
			r.pairs = append(r.pairs, pair)
			go pair.forward(front, back, 0, nil)
			go pair.forward(back, front, r.limit, r.then)
			r.limit, r.then = 0, nil
		}
		r.mu.Unlock()
	}
}

// forward copies what comes, and cuts the connection after so many bytes, when this
// has been called; 0 is never.
func (p *pair) forward(from, to net.Conn, limit int, then func()) {
	buffer, passed := make([]byte, 4096), 0
	for {
		n, err := from.Read(buffer)
		passed += n
		switch {
		case limit > 0 && passed > limit:
			then()
			_ = from.Close()
			_ = to.Close()
			return
		case err != nil && p.frozen.Load():
			return
		case err != nil:
			_ = to.Close()
			return
		case !p.frozen.Load():
			_, _ = to.Write(buffer[:n])
		}
	}
}
