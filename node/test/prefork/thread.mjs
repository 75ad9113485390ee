// A thread of a server; it closes what it has when it is told anything.
import { parentPort, workerData } from 'node:worker_threads';
import { work } from './work.mjs';

const { close } = await work(workerData.rules, workerData.address, (limits) => parentPort.postMessage(limits));
parentPort.once('message', close);
