import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { startRelay } from './relay.ts';
import { runTool } from './run-tool.ts';

/** Two network namespaces with a cable between them. The network of this machine has no part in either. */
export interface TwoNetworks {
  /** Where the first is seen from the second. */
  readonly address: string;
  /** What runs a program in one of them. */
  readonly inFirst: readonly [string, ...string[]];
  readonly inSecond: readonly [string, ...string[]];
  /** Makes a port of the first's loopback one of ours. */
  lendFirst(port: number): Promise<void>;
  /** Makes a port of our loopback one of the second's. */
  lendToSecond(port: number): Promise<void>;
  setCable(isPlugged: boolean): Promise<void>;
  close(): Promise<void>;
}

// RFC 5737, though nobody else is there to have it.
const [address, otherAddress] = ['198.51.100.1', '198.51.100.2'];

/** The directory is for sockets. */
export async function createTwoNetworks(directory: string): Promise<TwoNetworks> {
  const [first, second] = [`pb-first-${process.pid}`, `pb-second-${process.pid}`];
  const ip = (words: string) => runTool(['ip', ...words.split(' ')]);
  const enter = (namespace: string): readonly [string, ...string[]] => [
    'nsenter',
    `--net=/run/netns/${namespace}`,
    '--',
  ];
  await ip(`netns add ${first}`);
  await ip(`netns add ${second}`);
  // Made where it belongs: in the namespace of this machine no interface and no address ever appears.
  await ip(`link add cable0 netns ${first} type veth peer name cable0 netns ${second}`);
  for (const [namespace, own] of [
    [first, address],
    [second, otherAddress],
  ]) {
    await ip(`-n ${namespace} address add ${own}/30 dev cable0`);
    await ip(`-n ${namespace} link set cable0 up`);
    await ip(`-n ${namespace} link set lo up`);
  }
  const relays: Server[] = [];
  const children: ChildProcess[] = [];
  const relayIn = async (namespace: string, from: string, to: string) => {
    const [program, ...parameters] = enter(namespace);
    const script = join(import.meta.dirname, 'relay.ts');
    const child = spawn(program, [...parameters, process.execPath, script, from, to], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    await once(child.stdout, 'data');
  };
  return {
    address,
    inFirst: enter(first),
    inSecond: enter(second),
    async lendFirst(port) {
      const socket = join(directory, `first-${port}`);
      await relayIn(first, socket, `127.0.0.1:${port}`);
      relays.push(await startRelay(`127.0.0.1:${port}`, socket));
    },
    async lendToSecond(port) {
      const socket = join(directory, `second-${port}`);
      relays.push(await startRelay(socket, `127.0.0.1:${port}`));
      await relayIn(second, `127.0.0.1:${port}`, socket);
    },
    async setCable(isPlugged) {
      await ip(`-n ${second} link set cable0 ${isPlugged ? 'up' : 'down'}`);
    },
    async close() {
      for (const child of children) child.kill();
      for (const relay of relays) relay.close();
      await ip(`netns delete ${second}`);
      await ip(`netns delete ${first}`);
    },
  };
}
