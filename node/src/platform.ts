/** What the addon for this platform is called. */

/** Whether this process runs on musl: glibc names its version in the process's report. */
function onMusl(): boolean {
  // With the network in it, the report looks up the names of all open connections.
  const report = process.report as typeof process.report & { excludeNetwork?: boolean };
  const before = report.excludeNetwork ?? false;
  report.excludeNetwork = true;
  const { header } = report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  report.excludeNetwork = before;
  return header.glibcVersionRuntime === undefined;
}

/** The platform as file names say it: `linux-x64`, `linux-arm64-musl`, `darwin-arm64`. */
export function platform(): string {
  const libc = process.platform === 'linux' && onMusl() ? '-musl' : '';
  return `${process.platform}-${process.arch}${libc}`;
}

/** The file name of the addon for a platform. */
export function addonFile(platform: string): string {
  return `sergo.${platform}.node`;
}
