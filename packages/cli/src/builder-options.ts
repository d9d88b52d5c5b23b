import { resolve } from 'node:path';
import { AgentError, type BuilderSettings, defaultKeyring } from '@patchbay/agent';
import type { Command } from 'commander';
import { collect } from './repeated-option.ts';
import { wholeNumberOption } from './whole-number-option.ts';

/** Of every command that is, starts or checks a builder. */
export interface BuilderFlags {
  readonly builds: number;
  readonly debianMain?: string;
  readonly debianSecurity?: string;
  readonly keyring: string;
  readonly registryAuth?: string;
  readonly parentImages?: string;
  readonly plainHttpRegistry: readonly string[];
}

/** The options of a builder; `when` begins the explanation of each, where they count only then. */
export function withBuilderOptions(command: Command, when: string): Command {
  return command
    .option('--builds <number>', `${when}how many builds run at once`, wholeNumberOption, 1)
    .option(
      '--debian-main <url>',
      `${when}Debian's main archive for base images (default: of this machine's own sources)`,
    )
    .option('--debian-security <url>', `${when}its security archive`)
    .option('--keyring <file>', `${when}trusted to sign these archives`, defaultKeyring)
    .option('--registry-auth <file>', `${when}credentials of registries, as docker login writes them`)
    .option(
      '--parent-images <directory>',
      `${when}OCI layouts, archives of images and of root file systems that recipes may build upon, as builder://PATH`,
    )
    .option(
      '--plain-http-registry <host:port>',
      `${when}a registry beyond loopback that has no TLS, repeatable`,
      collect,
      [],
    );
}

/** What makes an agent a builder. @throws AgentError ENROLMENT_FAILED for half a pair of archives */
export function readBuilderSettings(flags: BuilderFlags): BuilderSettings {
  const { debianMain: main, debianSecurity: security } = flags;
  if ((main === undefined) !== (security === undefined)) {
    throw new AgentError('ENROLMENT_FAILED', '--debian-main and --debian-security belong together: give both.');
  }
  return {
    concurrency: flags.builds,
    archives: main === undefined || security === undefined ? null : { main, security },
    keyring: flags.keyring,
    registryAuthFile: flags.registryAuth ?? null,
    parentImageDirectory: flags.parentImages === undefined ? null : resolve(flags.parentImages),
    plainHttpRegistries: flags.plainHttpRegistry,
  };
}
