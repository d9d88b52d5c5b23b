import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { signRequest } from '@patchbay/aws-wire/signing';
import { type OperationContract } from '@patchbay/contracts';
import { AppError } from '@patchbay/facts';
import type { AdministratorAccess } from '@patchbay/server';
import { z } from 'zod';

/** What the control plane refused, in its own words (`code` is AWS's name of the error), or that it is not there. */
export class RefusedError extends AppError<string> {}

const Refusal = z
  .object({ __type: z.string(), message: z.string().default('') })
  .transform(({ __type: code, message }) => ({ code, message }));

export type Access = Omit<AdministratorAccess, 'accountId'>;

/** Calls operations as a person's tools do: signed with an access key. */
export interface ControlPlaneClient {
  /** What lies at a path for everybody, such as `/ca.pem`. */
  get(path: string): Promise<Response>;
  /** An operation of SSM, members as on AWS's wire. */
  ssm(operation: string, input: object): Promise<unknown>;
  /** One of Patchbay's own. */
  call<Input extends z.ZodType, Output extends z.ZodType>(
    contract: OperationContract<Input, Output>,
    input: z.input<Input>,
  ): Promise<z.output<Output>>;
}

/** A client for one installation. It holds no connection and needs no end. */
export function createControlPlaneClient(access: Access): ControlPlaneClient {
  if (access.caFile !== undefined) trustAlso(access.caFile);
  async function send(service: string, target: string, input: object): Promise<unknown> {
    const url = new URL(access.endpoint);
    const body = Buffer.from(JSON.stringify(input));
    const headers = signRequest(
      { method: 'POST', url, headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target }, body },
      { credentials: access, region: access.region, service, now: new Date() },
    );
    const response = await reach(url, { method: 'POST', headers, body });
    const answer = parseJson(await response.text());
    if (response.ok && answer !== undefined) return answer;
    const refusal = Refusal.safeParse(answer);
    if (refusal.success) throw new RefusedError(refusal.data.code, `${refusal.data.code}: ${refusal.data.message}`);
    throw new RefusedError(
      'NOT_PATCHBAY',
      `${access.endpoint} answered ${response.status}, and not as a control plane does. Is that its address?`,
    );
  }
  return {
    get: async (path) => await reach(new URL(path, access.endpoint)),
    ssm: (operation, input) => send('ssm', `AmazonSSM.${operation}`, input),
    call: async (contract, input) =>
      contract.output.parse(await send('patchbay', `Patchbay.${contract.name}`, input as object)),
  };
}

async function reach(url: URL, request?: RequestInit): Promise<Response> {
  return await fetch(url, request).catch((cause: unknown) => {
    const why = cause instanceof Error && cause.cause instanceof Error ? `: ${cause.cause.message}` : '';
    throw new RefusedError(
      'UNREACHABLE',
      `The control plane cannot be reached at ${url.origin}${why}. Is it running?`,
      {
        cause,
      },
    );
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Lets this process trust a certificate authority beside those that Node brings along. */
function trustAlso(caFile: string): void {
  try {
    setDefaultCACertificates([...getCACertificates('default'), readFileSync(caFile, 'utf8')]);
  } catch (cause) {
    throw new RefusedError('CA_FILE', `${caFile} cannot be read as the certificates to trust.`, { cause });
  }
}
