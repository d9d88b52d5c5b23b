const redacted = '***';

/**
 * A text without the credentials that addresses, proxies and apt's own files carry: the user information of URIs
 * (RFC 3986, 3.2.1), the secrets of apt_auth.conf(5) lines, Authorization headers. What is told of a machine goes through
 * this, because apt's messages repeat the addresses of its sources.
 */
export function redactCredentials(text: string): string {
  return (
    text
      // Up to the last @ before the path: a password may hold one. Looked for from the end of the scheme, because a search
      // from its beginning takes the square of the length of a long word.
      .replace(/(?<=[a-z0-9+.-]:\/\/)[^\s/]*@/gi, `${redacted}@`)
      .replace(/(\bmachine\s+\S+(?:\s+(?:login|account)\s+\S+)*\s+password\s+)\S+/gi, `$1${redacted}`)
      .replace(/(\b(?:Proxy-)?Authorization:\s*\w+\s+)\S+/gi, `$1${redacted}`)
  );
}

/** The same for every text in a value of JSON, member names left as they are. */
export function redactAll<Value>(value: Value): Value;
export function redactAll(value: unknown): unknown {
  if (typeof value === 'string') return redactCredentials(value);
  if (Array.isArray(value)) return value.map((each: unknown) => redactAll(each));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]: [string, unknown]) => [name, redactAll(member)]),
  );
}
