import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { Server as NetServer, type Socket } from 'node:net';
import { type ProxyVariables, readProxyVariables } from '../client/index.ts';
import type { MachineNetwork } from '../machine/index.ts';
import { findTool, requireTools } from '../machine/system-tools.ts';
import { type AllowedHosts, readAllowedHosts } from './allowed-hosts.ts';
import { NetworkError } from './network-error.ts';
import { createProxy, type RefusedRequest } from './proxy.ts';
import { readUpstreamProxies } from './upstream-proxies.ts';

export interface ProxiedNetworkOptions {
  /** See `readAllowedHosts`; empty: nothing can be reached. */
  readonly allowedHosts: readonly string[];
  readonly onRefused: (request: RefusedRequest) => void;
  /** The proxies by which this machine reaches what is allowed; those of the environment where absent. */
  readonly proxies?: ProxyVariables;
}

/** A network for machines, which ends with `close`. */
export interface ProxiedNetwork extends MachineNetwork {
  /** For what this process fetches on behalf of commands. */
  readonly hosts: AllowedHosts;
  close(): void;
}

const port = 3128;

/** Listens in the new namespace and hands the socket over: it stays in its namespace, whoever holds it. */
const listenProgram = `
const server = require('node:net').createServer();
server.listen(${port}, '127.0.0.1', () => process.send('listening', server));
`;

/**
 * Opens a network in which there is nothing but loopback, and on it a proxy of this process that lets through what is allowed.
 * The namespace is held by a descriptor of this process: with the process all of it is gone. That proxy goes on through the one
 * that the environment names; commands see nothing of it, its password least of all.
 *
 * @throws NetworkError INVALID_HOST, INVALID_PROXY, NAMESPACE_NOT_PERMITTED; MachineError MISSING_TOOL
 */
export async function openProxiedNetwork(options: ProxiedNetworkOptions): Promise<ProxiedNetwork> {
  const hosts = readAllowedHosts(options.allowedHosts);
  const upstream = readUpstreamProxies(options.proxies ?? readProxyVariables(process.env));
  requireTools(['unshare', 'nsenter', 'ip']);
  const proxy = createProxy(hosts, upstream, options.onRefused);
  const { listener, namespace } = await listenInNamespace();
  const sockets = new Set<Socket>();
  listener.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    proxy.emit('connection', socket);
  });
  // Nothing waits for commands that may connect.
  listener.unref();
  const address = `http://127.0.0.1:${port}`;
  const variables = ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'];
  return {
    entry: [findTool('nsenter') ?? 'nsenter', `--net=/proc/${process.pid}/fd/${namespace}`, '--'],
    // Whatever this process was started with: nothing can be reached past the proxy.
    environment: { ...Object.fromEntries(variables.map((name) => [name, address])), no_proxy: '', NO_PROXY: '' },
    hosts,
    close() {
      listener.close();
      for (const socket of sockets) socket.destroy();
      closeSync(namespace);
    },
  };
}

function listenInNamespace(): Promise<{ readonly listener: NetServer; readonly namespace: number }> {
  const script = `"$1" link set lo up && shift && exec "$@"`;
  const node = [process.execPath, '--input-type=commonjs', '--eval', listenProgram];
  const inside = ['/bin/sh', '-c', script, 'sh', findTool('ip') ?? 'ip', ...node];
  return new Promise((resolve, reject) => {
    const child = spawn(findTool('unshare') ?? 'unshare', ['--net', '--', ...inside], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: {},
      cwd: '/',
    });
    let complaint = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    let handed: { readonly listener: NetServer; readonly namespace: number } | undefined;
    child.on('message', (_message, listener) => {
      if (!(listener instanceof NetServer) || child.pid === undefined) return;
      handed = { listener, namespace: openSync(`/proc/${child.pid}/ns/net`, 'r') };
      child.kill('SIGKILL');
    });
    const fail = (reason: string) =>
      reject(
        new NetworkError(
          'NAMESPACE_NOT_PERMITTED',
          `A network of its own could not be made; inside a container that needs the right to make namespaces. ${reason.trim()}`,
        ),
      );
    child.on('error', (error) => fail(error.message));
    // Only then: as long as it lives, it takes connections too.
    child.on('close', () => {
      if (handed === undefined) fail(complaint || 'the program in it ended early');
      else resolve(handed);
    });
  });
}
