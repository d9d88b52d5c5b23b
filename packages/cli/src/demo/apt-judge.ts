import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type MachineNetwork, openMachine } from '@patchbay/agent';
import { DemoError } from './demo-error.ts';

/** One line of apt's own plan for an upgrade. */
export interface AptChange {
  readonly name: string;
  /** Null for a package that is newly brought along. */
  readonly fromVersion: string | null;
  readonly toVersion: string;
  /** Archives as apt names them, `Debian-Security:12/oldstable-security`. */
  readonly archives: readonly string[];
}

/** Reads the `Inst` lines of apt-get's simulation. Written apart from the product's own reader: it is the judge of it. */
export function readAptPlan(output: string): AptChange[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('Inst '))
    .map((line) => {
      const words = /^Inst (?<name>\S+) (?:\[(?<from>[^\]]+)\] )?\((?<to>\S+) (?<archives>.+) \[[^\]]+\]\)/.exec(
        line,
      )?.groups;
      if (!words?.name || !words.to)
        throw new DemoError('COMMAND_FAILED', `apt printed a line that nobody expected: ${line}`);
      return {
        name: words.name.replace(/:[a-z0-9]+$/, ''),
        fromVersion: words.from ?? null,
        toVersion: words.to,
        archives: (words.archives ?? '').split(', '),
      };
    });
}

/** One version that the judge is asked to bring in by itself. */
export interface AptTarget {
  readonly name: string;
  readonly architecture: string;
  readonly targetVersion: string | null;
}

/** What the node's own apt would do. */
export interface AptJudgement {
  /** For an upgrade of everything. */
  readonly upgrade: readonly AptChange[];
  /** For the asked versions alone, with what they need; nothing where none was asked for. */
  readonly targets: readonly AptChange[];
}

/** `name:architecture=version`; apt has no packages of the architecture `all` under such a name. */
function requestOf({ name, architecture, targetVersion }: AptTarget): string {
  return `${name}${architecture === 'all' ? '' : `:${architecture}`}=${targetVersion}`;
}

/**
 * Asks the node's own apt, with lists that it fetches for the purpose, what an upgrade would bring, and what exactly these
 * versions would. Shares nothing with the patcher but the namespaces that it runs in. Without a network it has the host's.
 */
export async function askApt(
  root: string,
  workDirectory: string,
  asked: readonly AptTarget[],
  network?: MachineNetwork,
): Promise<AptJudgement> {
  await mkdir(workDirectory, { recursive: true, mode: 0o700 });
  const machine = await openMachine({
    root,
    workDirectory,
    access: 'read-only',
    ...(network === undefined ? {} : { network }),
  });
  try {
    const lists = join(machine.workDirectory.inside, 'judge');
    const options = [
      '-o',
      `Dir::State::lists=${lists}/lists`,
      '-o',
      `Dir::Cache=${lists}/cache`,
      '-o',
      'Debug::NoLocking=true',
      '-o',
      'APT::Sandbox::User=root',
    ];
    const ask = async (...words: string[]) => {
      const answer = await machine.run({ argv: ['apt-get', ...options, ...words], timeoutSeconds: 300 });
      if (answer.exitCode !== 0)
        throw new DemoError('COMMAND_FAILED', `apt-get ${words.join(' ')} failed: ${answer.stderr}`);
      return answer.stdout;
    };
    await machine.run({
      argv: ['mkdir', '-p', `${lists}/lists/partial`, `${lists}/cache/archives/partial`],
      timeoutSeconds: 10,
    });
    await ask('update', '-qq');
    const upgrade = readAptPlan(await ask('-s', 'upgrade', '--with-new-pkgs'));
    const targets = asked.length === 0 ? [] : readAptPlan(await ask('-s', 'install', ...asked.map(requestOf)));
    return { upgrade, targets };
  } finally {
    await machine.close();
  }
}
