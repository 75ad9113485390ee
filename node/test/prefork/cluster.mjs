// A server of two processes, which replaces those that end, until its input ends. It tells what happens to them.
import cluster from 'node:cluster';
import { work } from './work.mjs';

const [rules, address] = process.argv.slice(2);

if (cluster.isPrimary) {
  const tell = (event) => console.log(JSON.stringify(event));
  let isEnding = false;
  cluster.on('message', ({ process: { pid } }, limits) => tell({ pid, limits }));
  cluster.on('listening', ({ process: { pid } }, { port }) => tell({ pid, port }));
  cluster.on('exit', ({ process: { pid } }, code, signal) => {
    tell({ pid, code, signal });
    if (!isEnding) {
      cluster.fork();
    }
  });
  cluster.fork();
  cluster.fork();
  process.stdin
    .on('end', () => {
      isEnding = true;
      for (const worker of Object.values(cluster.workers)) {
        worker.disconnect();
      }
    })
    .resume();
} else {
  const { server, close } = await work(rules, address, (limits) => process.send(limits));
  server.listen(0, '127.0.0.1');
  cluster.worker.on('disconnect', close);
}
