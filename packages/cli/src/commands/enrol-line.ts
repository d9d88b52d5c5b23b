import { type PackageArchitecture, packageArchitectures } from '@patchbay/agent-package';
import { AppError } from '@patchbay/facts';
import { certificateFingerprint } from '@patchbay/server';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { chooseAccess } from '../administrator-access.ts';
import { type ControlPlaneClient, createControlPlaneClient } from '../control-plane-client.ts';
import { type AccessFlags, withAccess } from '../control-plane-options.ts';
import { collect } from '../repeated-option.ts';
import { quote } from '../shell-words.ts';
import { provideAgentPackage } from './agent-package.ts';

export class EnrolLineError extends AppError<'INVALID_TAG' | 'INVALID_LIMIT' | 'INVALID_ENDPOINT' | 'NO_PACKAGE'> {}

const Activation = z.object({ ActivationId: z.string(), ActivationCode: z.string() });
const Served = z.object({
  packages: z.array(
    z.object({ fileName: z.string(), version: z.string(), architecture: z.string(), sha256: z.string() }),
  ),
});
type ServedPackage = z.infer<typeof Served>['packages'][number];

interface EnrolLineFlags extends AccessFlags {
  readonly name?: string;
  readonly tag?: readonly string[];
  readonly registrationLimit: string;
  readonly region?: string;
  readonly endpoint?: string;
  /** False: none at all. */
  readonly caFingerprint?: string | false;
  readonly architecture: PackageArchitecture;
}

export interface EnrolLineParts {
  readonly endpoint: string;
  readonly region: string;
  readonly activationId: string;
  readonly activationCode: string;
  readonly package: ServedPackage;
  /** `sha256:…` of the control plane's own certificate authority; null where every client knows its authority. */
  readonly caFingerprint: string | null;
}

/**
 * One line for a root shell on the machine to enrol. It trusts nothing that it downloads but by the digest it carries,
 * and hands the code on through a pipe, because arguments are shown to every user by ps(1).
 */
export function enrolLine(parts: EnrolLineParts): string {
  const { endpoint, region, activationId, activationCode, caFingerprint } = parts;
  const { fileName, sha256 } = parts.package;
  const url = quote(new URL(`/agent/${fileName}`, endpoint).href);
  // A machine that does not know our authority yet could not check it; the digest checks more.
  const [curl, wget] = caFingerprint === null ? ['', ''] : [' --insecure', ' --no-check-certificate'];
  const options = [
    `--endpoint ${quote(endpoint)}`,
    `--region ${quote(region)}`,
    `--activation-id ${quote(activationId)}`,
    ...(caFingerprint === null ? [] : [`--ca-fingerprint ${quote(caFingerprint)}`]),
  ];
  const steps = [
    'set -e',
    'd=$(mktemp -d)',
    `trap 'rm -rf "$d"' EXIT`,
    `f=$d/${fileName}`,
    `if command -v curl >/dev/null; then curl -fsS${curl} -o "$f" ${url}; else wget -q${wget} -O "$f" ${url}; fi`,
    `echo "${sha256}  $f" | sha256sum --check --quiet`,
    // Kept as the way back of the first update.
    'install -D -m 0600 "$f" "/var/lib/patchbay-agent/packages/${f##*/}"',
    'chmod 0700 /var/lib/patchbay-agent /var/lib/patchbay-agent/packages',
    'dpkg --install "$f" </dev/null',
    `patchbay-agent enrol ${options.join(' ')}`,
  ];
  return `printf '%s\\n' ${quote(activationCode)} | sh -c ${quote(steps.join('; '))}`;
}

function parseTags(texts: readonly string[]): { Key: string; Value: string }[] {
  return texts.map((text) => {
    const at = text.indexOf('=');
    if (at < 1) throw new EnrolLineError('INVALID_TAG', `--tag must look like PatchGroup=WebServers, not ${text}.`);
    return { Key: text.slice(0, at), Value: text.slice(at + 1) };
  });
}

/** The package for the machine, built first where the control plane has its data on this machine. */
async function findPackage(
  client: ControlPlaneClient,
  architecture: PackageArchitecture,
  data: string | undefined,
): Promise<ServedPackage> {
  const find = async () => {
    const { packages } = Served.parse(await (await client.get('/agent/')).json());
    return packages.findLast((each) => each.architecture === architecture);
  };
  const served = await find();
  if (served !== undefined) return served;
  if (data !== undefined) {
    console.error(`Building the package of the agent for ${architecture}, once.`);
    await provideAgentPackage(data, architecture);
  }
  const built = await find();
  if (built !== undefined) return built;
  throw new EnrolLineError(
    'NO_PACKAGE',
    `The control plane serves no package for ${architecture}. Where it runs, build one with: ./patchbay agent-package build --architecture ${architecture}`,
  );
}

/** The fingerprint of the control plane's own authority, which it has with `--tls auto`; null where it has none. */
async function findFingerprint(client: ControlPlaneClient, endpoint: string): Promise<string | null> {
  if (!endpoint.startsWith('https:')) return null;
  // Over a connection that was checked, so it is the authority of the control plane that this command knows.
  const answer = await client.get('/ca.pem');
  return answer.ok ? certificateFingerprint(await answer.text()) : null;
}

async function createActivation(client: ControlPlaneClient, flags: EnrolLineFlags) {
  const registrationLimit = Number(flags.registrationLimit);
  if (!Number.isInteger(registrationLimit) || registrationLimit < 1) {
    throw new EnrolLineError(
      'INVALID_LIMIT',
      `--registration-limit must be a whole number from 1 on, not ${flags.registrationLimit}.`,
    );
  }
  const tags = parseTags(flags.tag ?? []);
  const answer = await client.ssm('CreateActivation', {
    IamRole: 'patchbay-node',
    RegistrationLimit: registrationLimit,
    ...(flags.name === undefined ? {} : { DefaultInstanceName: flags.name }),
    ...(tags.length === 0 ? {} : { Tags: tags }),
  });
  return Activation.parse(answer);
}

/** `patchbay enrol-line`: an activation, and the line that makes a machine a node with it. */
export const enrolLineCommand = withAccess(new Command('enrol-line'))
  .description('Print one line that installs the agent on a Debian machine and enrols it; paste it into a root shell')
  .option('--name <text>', 'default instance name of the node')
  .option('--tag <key=value>', 'a tag for the node, repeatable: PatchGroup=WebServers', collect)
  .option('--registration-limit <number>', 'how many machines may use the line', '1')
  .option('--region <name>', 'region of the node (default: the first that the control plane serves)')
  .option('--endpoint <url>', 'how the machine reaches the control plane, where that differs from how this one does')
  .option(
    '--ca-fingerprint <sha256:hex>',
    "of the control plane's own certificate authority (default: the one it has with --tls auto)",
  )
  .option('--no-ca-fingerprint', 'the machine knows by itself whom to trust: a proxy with another certificate, say')
  .addOption(new Option('--architecture <name>', 'of the machine').choices(packageArchitectures).default('amd64'))
  .action(async (flags: EnrolLineFlags) => {
    const { access: known, data } = await chooseAccess(flags.data, process.env);
    const access = { ...known, region: flags.region ?? known.region };
    const client = createControlPlaneClient(access);
    const endpoint = checkEndpoint(flags.endpoint ?? access.endpoint);
    const { caFingerprint = await findFingerprint(client, endpoint) } = flags;
    const found = await findPackage(client, flags.architecture, data);
    const activation = await createActivation(client, flags);
    console.log(
      enrolLine({
        endpoint,
        region: access.region,
        activationId: activation.ActivationId,
        activationCode: activation.ActivationCode,
        package: found,
        caFingerprint: caFingerprint === false ? null : caFingerprint,
      }),
    );
    if (isLoopback(endpoint)) {
      console.error(`The line is for this machine only: for others, say with --endpoint how they reach ${endpoint}.`);
    }
  });

/** @throws EnrolLineError INVALID_ENDPOINT */
function checkEndpoint(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new EnrolLineError('INVALID_ENDPOINT', `--endpoint must look like https://patchbay.example:8480, not ${text}.`);
}

function isLoopback(endpoint: string): boolean {
  const { hostname } = new URL(endpoint);
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}
