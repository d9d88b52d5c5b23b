import { type PackageArchitecture, packageArchitectures } from '@patchbay/agent-package';
import { AppError } from '@patchbay/facts';
import { DEFAULT_DATA_DIRECTORY } from '@patchbay/server';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { readAdministratorAccess } from '../administrator-access.ts';
import { type Access, createControlPlaneClient } from '../control-plane-client.ts';
import { quote } from '../shell-words.ts';
import { provideAgentPackage } from './agent-package.ts';

export class EnrolLineError extends AppError<'INVALID_TAG' | 'INVALID_LIMIT' | 'NO_PACKAGE'> {}

const Activation = z.object({ ActivationId: z.string(), ActivationCode: z.string() });
const Served = z.object({
  packages: z.array(
    z.object({ fileName: z.string(), version: z.string(), architecture: z.string(), sha256: z.string() }),
  ),
});
type ServedPackage = z.infer<typeof Served>['packages'][number];

interface EnrolLineFlags {
  readonly data: string;
  readonly name?: string;
  readonly tag?: readonly string[];
  readonly registrationLimit: string;
  readonly region?: string;
  readonly endpoint?: string;
  readonly caFingerprint?: string;
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

async function readServedPackages(endpoint: string): Promise<readonly ServedPackage[]> {
  const response = await fetch(new URL('/agent/', endpoint));
  return Served.parse(await response.json()).packages;
}

async function findPackage(endpoint: string, data: string, architecture: PackageArchitecture): Promise<ServedPackage> {
  const fit = async () => (await readServedPackages(endpoint)).filter((each) => each.architecture === architecture);
  let served = await fit();
  if (served.length === 0) {
    console.error(`Building the package of the agent for ${architecture}, once.`);
    await provideAgentPackage(data, architecture);
    served = await fit();
  }
  const newest = served.at(-1);
  if (newest === undefined) {
    throw new EnrolLineError('NO_PACKAGE', `The control plane at ${endpoint} serves no package for ${architecture}.`);
  }
  return newest;
}

async function createActivation(access: Access, flags: EnrolLineFlags) {
  const registrationLimit = Number(flags.registrationLimit);
  if (!Number.isInteger(registrationLimit)) {
    throw new EnrolLineError('INVALID_LIMIT', `--registration-limit must be a number, not ${flags.registrationLimit}.`);
  }
  const tags = parseTags(flags.tag ?? []);
  const client = createControlPlaneClient(access);
  const answer = await client.ssm('CreateActivation', {
    IamRole: 'patchbay-node',
    RegistrationLimit: registrationLimit,
    ...(flags.name === undefined ? {} : { DefaultInstanceName: flags.name }),
    ...(tags.length === 0 ? {} : { Tags: tags }),
  });
  return Activation.parse(answer);
}

function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}

/** `patchbay enrol-line`: an activation, and the line that makes a machine a node with it. */
export const enrolLineCommand = new Command('enrol-line')
  .description('Print one line that installs the agent on a Debian machine and enrols it; paste it into a root shell')
  .option('--name <text>', 'default instance name of the node')
  .option('--tag <key=value>', 'a tag for the node, repeatable: PatchGroup=WebServers', collect)
  .option('--registration-limit <number>', 'how many machines may use the line', '1')
  .option('--region <name>', 'region of the node (default: the first that the control plane serves)')
  .option('--endpoint <url>', 'how the machine reaches the control plane, where that differs from how this one does')
  .option('--ca-fingerprint <sha256:…>', "fingerprint of the control plane's own certificate authority")
  .addOption(new Option('--architecture <name>', 'of the machine').choices(packageArchitectures).default('amd64'))
  .option('--data <directory>', 'data directory of the control plane', DEFAULT_DATA_DIRECTORY)
  .action(async (flags: EnrolLineFlags) => {
    const administrator = await readAdministratorAccess(flags.data);
    const access = { ...administrator, region: flags.region ?? administrator.region };
    const found = await findPackage(access.endpoint, flags.data, flags.architecture);
    const activation = await createActivation(access, flags);
    console.log(
      enrolLine({
        endpoint: flags.endpoint ?? access.endpoint,
        region: access.region,
        activationId: activation.ActivationId,
        activationCode: activation.ActivationCode,
        package: found,
        caFingerprint: flags.caFingerprint ?? null,
      }),
    );
  });
