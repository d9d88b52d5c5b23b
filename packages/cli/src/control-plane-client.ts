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
  /** An operation of EC2 Image Builder by its path, `PUT /CreateComponent`; members as on AWS's wire. */
  imageBuilder(method: 'GET' | 'PUT' | 'POST', path: string, input?: object): Promise<unknown>;
  /** One of Patchbay's own. */
  call<Input extends z.ZodType, Output extends z.ZodType>(
    contract: OperationContract<Input, Output>,
    input: z.input<Input>,
  ): Promise<z.output<Output>>;
}

/** A client for one installation. It holds no connection and needs no end. */
export function createControlPlaneClient(access: Access): ControlPlaneClient {
  if (access.caFile !== undefined) trustAlso(access.caFile);
  interface Request {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Buffer | undefined;
  }
  async function sendSigned(service: string, { method, path, headers: given, body }: Request): Promise<unknown> {
    const url = new URL(path, access.endpoint);
    const headers = signRequest(
      { method, url, headers: given, body: body ?? Buffer.alloc(0) },
      { credentials: access, region: access.region, service, now: new Date() },
    );
    const response = await reach(url, { method, headers, ...(body === undefined ? {} : { body }) });
    const answer = parseJson(await response.text());
    if (response.ok && answer !== undefined) return answer;
    // EC2 Image Builder names the error in a header, the others in the body.
    const named = { __type: response.headers.get('x-amzn-errortype') ?? undefined };
    const refusal = Refusal.safeParse(typeof answer === 'object' ? { ...named, ...answer } : answer);
    if (refusal.success) throw new RefusedError(refusal.data.code, `${refusal.data.code}: ${refusal.data.message}`);
    throw new RefusedError(
      'NOT_PATCHBAY',
      `${access.endpoint} answered ${response.status}, and not as a control plane does. Is that its address?`,
    );
  }
  async function send(service: string, target: string, input: object): Promise<unknown> {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target };
    return await sendSigned(service, { method: 'POST', path: '/', headers, body: Buffer.from(JSON.stringify(input)) });
  }
  return {
    get: async (path) => await reach(new URL(path, access.endpoint)),
    ssm: (operation, input) => send('ssm', `AmazonSSM.${operation}`, input),
    imageBuilder: async (method, path, input) => {
      const body = input === undefined ? undefined : Buffer.from(JSON.stringify(input));
      const headers = body === undefined ? {} : { 'content-type': 'application/json' };
      return await sendSigned('imagebuilder', { method, path, headers, body });
    },
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
