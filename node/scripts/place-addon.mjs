// Puts the addon that cargo built where the package looks for it:
// node scripts/place-addon.mjs <folder of cargo's libraries>
import { copyFileSync, existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addonFile, platform } from '../dist/platform.js';

const built = { darwin: 'libsergo_napi.dylib', win32: 'sergo_napi.dll' }[process.platform] ?? 'libsergo_napi.so';
const from = join(process.argv[2], built);
const to = join(fileURLToPath(new URL('.', import.meta.url)), '..', addonFile(platform()));

if (!existsSync(to) || !readFileSync(from).equals(readFileSync(to))) {
  // A process may have the old one open, so it is replaced and not written over.
  copyFileSync(from, `${to}.new`);
  renameSync(`${to}.new`, to);
}
