import {
  AgentError,
  createBuilder,
  formatLogLine,
  patcherProgramFile,
  readProxyVariables,
  runAgent,
} from '@patchbay/agent';
import { Command } from 'commander';
import { type BuilderFlags, readBuilderSettings, withBuilderOptions } from '../builder-options.ts';
import { waitForStopSignal } from '../stop-signals.ts';

interface AgentFlags extends BuilderFlags {
  readonly endpoint?: string;
  readonly region?: string;
  readonly activationId?: string;
  readonly activationCode?: string;
  readonly caFingerprint?: string;
  readonly root?: string;
  readonly state: string;
  readonly builder?: boolean;
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
export const agentCommand = withBuilderOptions(new Command('agent'), 'with --builder, ')
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
  .option('--root <directory>', 'a root file system to be the node, instead of this machine (needs root)')
  .action(async (flags: AgentFlags) => {
    const builder = flags.builder === true ? readBuilderSettings(flags) : undefined;
    const stopping = new AbortController();
    void waitForStopSignal().then((signal) => stopping.abort(signal));
    await runAgent({
      stateDirectory: flags.state,
      endpoint: flags.endpoint ?? null,
      region: flags.region ?? null,
      activation: readActivation(flags),
      caFingerprint: flags.caFingerprint ?? null,
      rootDirectory: flags.root,
      ...(builder === undefined ? {} : { builder: createBuilder(builder) }),
      patcherProgram: [patcherProgramFile],
      patcherEnvironment: patcherEnvironment(process.env),
      log: (event) => console.error(formatLogLine(event, new Date())),
      signal: stopping.signal,
    });
  });
