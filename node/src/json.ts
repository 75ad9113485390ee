/** What crosses to the addon as JSON. Half a surrogate pair becomes U+FFFD, as wherever text crosses. */
export function json(value: unknown): string {
  return JSON.stringify(value, (_name, value) => (typeof value === 'string' ? value.toWellFormed() : value));
}
