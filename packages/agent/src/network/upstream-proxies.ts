import { Agent, request as requestHttp } from 'node:http';
import { isIPv6 } from 'node:net';
import { type ProxyVariables, trustSystemAuthorities } from '../client/index.ts';
import { isLocalHost } from './allowed-hosts.ts';
import { NetworkError } from './network-error.ts';

/** The proxies by which this machine reaches others. */
export interface UpstreamProxies {
  /**
   * What brings requests for this host, and CONNECT to it, to the proxy with its credentials. Null where the host is reached
   * without one: nothing names a proxy, `no_proxy` names the host, or it is this machine.
   */
  findAgent(scheme: 'http' | 'https', host: string, port: number): Agent | null;
}

/** @throws NetworkError INVALID_PROXY, which says nothing of what is in the address: it may hold a password */
export function readUpstreamProxies(variables: ProxyVariables): UpstreamProxies {
  const agents = { http: openAgent('http_proxy', variables), https: openAgent('https_proxy', variables) };
  const isException = readExceptions(variables.no_proxy);
  return {
    findAgent: (scheme, host, port) => {
      const agent = agents[scheme];
      return agent === null || isLocalHost(host) || isException(host, port) ? null : agent;
    },
  };
}

function openAgent(name: 'http_proxy' | 'https_proxy', variables: ProxyVariables): Agent | null {
  const text = variables[name];
  if (text === undefined) return null;
  const url = URL.parse(text);
  // Node would quietly go without others, such as socks5://, and on some its errors show the whole address.
  if (url !== null && /^https?:$/.test(url.protocol)) {
    if (url.protocol === 'https:') trustSystemAuthorities();
    try {
      // CONNECT and requests for http:// reach a proxy alike: to Node both are requests of this scheme.
      return new Agent({ proxyEnv: { HTTP_PROXY: url.href } });
    } catch {
      // A user or password that is not well encoded.
    }
  }
  throw new NetworkError(
    'INVALID_PROXY',
    `${name} in the environment names no proxy that can be used; expected http://proxy.example:3128, or https:// for one that speaks TLS, with user:password@ before the name where it wants them.`,
  );
}

/** What `no_proxy` means is for Node to say, as for all else that we fetch: a request that is never sent shows its way. */
function readExceptions(list: string | undefined): (host: string, port: number) => boolean {
  if (list === undefined) return () => false;
  return (host, port) => {
    // Nothing else can be asked for; the lookup will say so.
    if (!URL.canParse(`http://${isIPv6(host) ? `[${host}]` : host}`)) return true;
    // One for each: it keeps a list of all hosts.
    const agent = new Agent({ proxyEnv: { HTTP_PROXY: 'http://proxy.invalid', NO_PROXY: list } });
    agent.createConnection = () => undefined;
    // To a proxy it names the whole address (RFC 9112, 3.2.2).
    return requestHttp({ host, port, path: '/', agent }).path === '/';
  };
}

/** Why nothing came by way of a proxy: short enough for a status line, which is all that apt shows, and without its address. */
export function explainUpstream(problem: number | NodeJS.ErrnoException): string {
  const what = typeof problem === 'number' ? `answered with status ${problem}` : 'gave no answer';
  const code = typeof problem === 'number' || problem.code === undefined ? '' : ` (${problem.code})`;
  return `The proxy that this machine goes through ${what}${code}`;
}
