// The control plane for tests: the command that `make native` builds, and a proxy before it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const TARGET = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL('../../target', import.meta.url));
const COMMAND = join(TARGET, 'release', 'sergo');

/** A folder that is gone when the test is, and a way to put files into it. */
export function folder(t, files = {}) {
  const path = mkdtempSync(join(tmpdir(), 'sergo-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  const put = (name, text) => writeFileSync(join(path, name), text);
  for (const [name, text] of Object.entries(files)) {
    put(name, text);
  }
  return { path, put, remove: (name) => rmSync(join(path, name)) };
}

/** Serves a folder of rules until the test is over, or it is killed. */
export async function serveRules(t, rules, args = []) {
  assert(existsSync(COMMAND), `there is no ${COMMAND}: make native builds it`);
  const options = ['--listen', '127.0.0.1:0', '--format', 'json', ...args];
  const child = spawn(COMMAND, ['serve', '--rules', rules, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  const kill = () => {
    child.kill('SIGKILL');
    return exit;
  };
  t.after(kill);
  const lines = createInterface({ input: child.stdout });
  const heard = await new Promise((resolve, reject) => {
    exit.then(([code]) => reject(new Error(`sergo serve ended with ${code}`)));
    lines.on('line', (line) => {
      const event = JSON.parse(line);
      if (event.event === 'listening') {
        resolve(event);
      }
    });
  });
  const json = async (path) => (await fetch(`http://${heard.http}${path}`)).json();
  return { address: heard.grpc, json, kill };
}

/** Stands before a server: where to, whether anything gets through, and after how many bytes it is cut can change; it counts what comes back. */
export async function proxy(t, target) {
  const state = { target, frozen: false, most: Number.POSITIVE_INFINITY, received: 0 };
  const sockets = new Set();
  const server = createServer((near) => {
    const [host, port] = state.target.split(':');
    const far = connect({ host, port });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      sockets.add(from);
      from.on('error', () => {});
      from.on('data', (bytes) => {
        state.received += from === far ? bytes.length : 0;
        if (from === far && far.bytesRead > state.most) {
          to.write(bytes.subarray(0, bytes.length / 2), () => to.destroy());
        } else if (!state.frozen) {
          to.write(bytes);
        }
      });
      from.on('close', () => {
        sockets.delete(from);
        // One that is frozen says nothing of its end, either.
        if (!state.frozen) {
          to.destroy();
        }
      });
    }
  }).listen(0, '127.0.0.1');
  t.after(() => {
    server.close();
    for (const socket of sockets) {
      socket.destroy();
    }
  });
  await once(server, 'listening');
  return Object.assign(state, { address: `127.0.0.1:${server.address().port}`, sockets });
}
