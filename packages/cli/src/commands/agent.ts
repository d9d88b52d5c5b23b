import {
  AgentError,
  type BuilderSettings,
  defaultKeyring,
  formatLogLine,
  patcherProgramFile,
  readProxyVariables,
  runAgent,
} from '@patchbay/agent';
import { Command } from 'commander';
import { collect } from '../repeated-option.ts';
import { waitForStopSignal } from '../stop-signals.ts';
import { wholeNumberOption } from '../whole-number-option.ts';

interface AgentFlags {
  readonly endpoint?: string;
  readonly region?: string;
  readonly activationId?: string;
  readonly activationCode?: string;
  readonly caFingerprint?: string;
  readonly root?: string;
  readonly state: string;
  readonly builder?: boolean;
  readonly builds: number;
  readonly debianMain?: string;
  readonly debianSecurity?: string;
  readonly keyring: string;
  readonly registryAuth?: string;
  readonly plainHttpRegistry: readonly string[];
}

/** What makes this agent a builder; undefined where it is none. */
function readBuilder(flags: AgentFlags): BuilderSettings | undefined {
  if (flags.builder !== true) return undefined;
  const { debianMain: main, debianSecurity: security } = flags;
  if ((main === undefined) !== (security === undefined)) {
    throw new AgentError('ENROLMENT_FAILED', '--debian-main and --debian-security belong together: give both.');
  }
  return {
    concurrency: flags.builds,
    archives: main === undefined || security === undefined ? null : { main, security },
    keyring: flags.keyring,
    registryAuthFile: flags.registryAuth ?? null,
    plainHttpRegistries: flags.plainHttpRegistry,
  };
}

/** Both halves of an activation, or neither. */
function readActivation({ activationId: id, activationCode: code }: AgentFlags): { id: string; code: string } | null {
  if (id !== undefined && code !== undefined) return { id, code };
  if (id === undefined && code === undefined) return null;
  throw new AgentError('ENROLMENT_FAILED', '--activation-id and --activation-code belong together: give both.');
}

/** What the patcher needs of this process's environment: whose certificates it trusts, and the proxies. */
function patcherEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const { NODE_EXTRA_CA_CERTS } = environment;
  return { ...readProxyVariables(environment), ...(NODE_EXTRA_CA_CERTS === undefined ? {} : { NODE_EXTRA_CA_CERTS }) };
}

/** `patchbay agent`: enrols where needed, then runs in the foreground until a signal ends it. */
export const agentCommand = new Command('agent')
  .description('Run the agent of a node: enrol once with an activation, later starts need only --state')
  .requiredOption('--state <directory>', "where the agent keeps the node's identity and journal, private to its owner")
  .option('--endpoint <url>', 'the control plane')
  .option('--region <name>', 'region of the activation')
  .option('--activation-id <id>', 'from aws ssm create-activation')
  .option('--activation-code <code>', 'from aws ssm create-activation; told only once')
  .option(
    '--ca-fingerprint <sha256:hex>',
    "of the control plane's own certificate authority (--tls auto), to trust only that",
  )
  .option('--builder', 'build images besides, when an administrator has tagged this node patchbay:builder=true')
  .option('--builds <number>', 'with --builder, how many builds run at once', wholeNumberOption, 1)
  .option('--debian-main <url>', "with --builder, Debian's main archive for base images (default: this machine's own)")
  .option('--debian-security <url>', 'with --builder, its security archive')
  .option('--keyring <file>', 'with --builder, trusted to sign these archives', defaultKeyring)
  .option('--registry-auth <file>', 'with --builder, credentials of registries, as docker login writes them')
  .option(
    '--plain-http-registry <host:port>',
    'with --builder, a registry beyond loopback that has no TLS, repeatable',
    collect,
    [],
  )
  .option('--root <directory>', 'a root file system to be the node, instead of this machine (needs root)')
  .action(async (flags: AgentFlags) => {
    const builder = readBuilder(flags);
    const stopping = new AbortController();
    void waitForStopSignal().then((signal) => stopping.abort(signal));
    await runAgent({
      stateDirectory: flags.state,
      endpoint: flags.endpoint ?? null,
      region: flags.region ?? null,
      activation: readActivation(flags),
      caFingerprint: flags.caFingerprint ?? null,
      rootDirectory: flags.root,
      ...(builder === undefined ? {} : { builder }),
      patcherProgram: [patcherProgramFile],
      patcherEnvironment: patcherEnvironment(process.env),
      log: (event) => console.error(formatLogLine(event, new Date())),
      signal: stopping.signal,
    });
  });
