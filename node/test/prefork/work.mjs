// What each worker of a server does: it follows the same rules twice, and tells which limits are in force.
import { createServer } from 'node:http';
import { controlPlane, Engine, file } from 'sergo';
import { govern } from 'sergo/http';

export async function work(rules, address, tell) {
  const [files, plane] = [1, 2].map(() => new Engine({ app: 'foo-app', clock: () => 0n }));
  const limits = () => [files, plane].map((engine) => engine.explain('/foo').gates[0]?.limit);
  const onReport = () => tell(limits());
  files.subscribe(file(rules), { onReport });
  await plane.subscribe(controlPlane(address), { onReport }).ready;
  const server = createServer(govern(plane, (_, response) => response.end(String(process.pid))));
  const close = () => {
    files.close();
    plane.close();
  };
  return { server, close };
}
