import { hostname, networkInterfaces } from 'node:os';
import type { Machine } from './machine/index.ts';

/** What UpdateInstanceInformation tells about the machine. */
export interface Platform {
  /** `Debian GNU/Linux`. */
  readonly platformName: string;
  readonly platformVersion: string;
  readonly computerName: string;
  readonly ipAddress: string;
}

/** Read anew for every ping: an upgrade or a new address shows without a restart. */
export async function readPlatform(machine: Machine): Promise<Platform> {
  const release = parseOsRelease(
    (await readText(machine, '/etc/os-release')) ?? (await readText(machine, '/usr/lib/os-release')) ?? '',
  );
  const ownName = machine.kind === 'root-directory' ? (await readText(machine, '/etc/hostname'))?.trim() : undefined;
  return {
    platformName: release.get('NAME') ?? 'Linux',
    platformVersion: release.get('VERSION_ID') ?? '',
    computerName: (ownName || hostname()).slice(0, 255),
    ipAddress: findAddress(),
  };
}

/** os-release(5): shell-like assignments, the value maybe in quotes. */
export function parseOsRelease(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line.trim());
    if (match === null) continue;
    const [, name = '', raw = ''] = match;
    const quoted = /^(["'])(.*)\1$/.exec(raw)?.[2];
    values.set(name, (quoted ?? raw).replaceAll(/\\(["'$`\\])/g, '$1'));
  }
  return values;
}

function findAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const outside = addresses.filter((each) => !each.internal);
  return (outside.find((each) => each.family === 'IPv4') ?? outside[0])?.address ?? '127.0.0.1';
}

async function readText(machine: Machine, path: string): Promise<string | null> {
  const bytes = await machine.readFile(path);
  return bytes === null ? null : Buffer.from(bytes).toString('utf8');
}
