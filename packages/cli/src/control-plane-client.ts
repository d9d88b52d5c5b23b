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
    const response = await fetch(url, { method: 'POST', headers, body }).catch((cause: unknown) => {
      const why = cause instanceof Error && cause.cause instanceof Error ? `: ${cause.cause.message}` : '';
      const message = `The control plane cannot be reached at ${access.endpoint}${why}. Is it running?`;
      throw new RefusedError('UNREACHABLE', message, { cause });
    });
    const answer: unknown = JSON.parse(await response.text());
    if (response.ok) return answer;
    const refusal = Refusal.parse(answer);
    throw new RefusedError(refusal.code, `${refusal.code}: ${refusal.message}`);
  }
  return {
    ssm: (operation, input) => send('ssm', `AmazonSSM.${operation}`, input),
    call: async (contract, input) =>
      contract.output.parse(await send('patchbay', `Patchbay.${contract.name}`, input as object)),
  };
}

/** Lets this process trust a certificate authority beside those that Node brings along. */
function trustAlso(caFile: string): void {
  try {
    setDefaultCACertificates([...getCACertificates('default'), readFileSync(caFile, 'utf8')]);
  } catch (cause) {
    throw new RefusedError('CA_FILE', `${caFile} cannot be read as the certificates to trust.`, { cause });
  }
}
