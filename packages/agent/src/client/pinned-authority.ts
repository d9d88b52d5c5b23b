import { createHash, X509Certificate } from 'node:crypto';
import { Agent, request } from 'node:https';
import { AgentError } from '../agent-error.ts';
import { UnreachableError } from './call-errors.ts';
import { checkEndpoint, proxyOptions } from './http-connection.ts';

const timeoutMilliseconds = 30_000;
const mostBytes = 64 * 1024;

/**
 * The certificate (PEM) of a control plane's own authority, whose digest its owner was told. It is fetched from a server
 * that nobody vouches for yet, so nothing but a public text is asked for, and only the right digest makes it count.
 *
 * @param fingerprint `sha256:` and the hexadecimal digest of the certificate's DER form
 * @throws AgentError CA_REFUSED; UnreachableError
 */
export async function fetchPinnedAuthority(
  endpoint: string,
  fingerprint: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string> {
  const wanted = parseFingerprint(fingerprint);
  const url = new URL('/ca.pem', checkEndpoint(endpoint));
  if (url.protocol !== 'https:') {
    throw new AgentError(
      'CA_REFUSED',
      `${endpoint} is not https: there is no certificate to compare with --ca-fingerprint.`,
    );
  }
  const certificate = readCertificate(await fetchUntrusted(url, environment), url);
  const found = createHash('sha256').update(certificate.raw).digest('hex');
  if (found !== wanted) {
    throw new AgentError(
      'CA_REFUSED',
      `The certificate authority at ${url.origin} is sha256:${found}, not sha256:${wanted}. Nothing was sent to it. Compare with what the control plane prints when it starts; if they differ, somebody is in between.`,
    );
  }
  return certificate.toString();
}

function parseFingerprint(text: string): string {
  const digits = /^sha256:(?<digits>[0-9a-f:]+)$/i.exec(text)?.groups?.['digits']?.replaceAll(':', '').toLowerCase();
  if (digits?.length === 64) return digits;
  throw new AgentError(
    'CA_REFUSED',
    `--ca-fingerprint must be sha256: and 64 hexadecimal digits, not ${JSON.stringify(text)}.`,
  );
}

/** Whether a certificate has this digest. @throws AgentError CA_REFUSED for what is no fingerprint */
export function hasFingerprint(certificate: string, fingerprint: string): boolean {
  const { raw } = new X509Certificate(certificate);
  return createHash('sha256').update(raw).digest('hex') === parseFingerprint(fingerprint);
}

function readCertificate(text: string, url: URL): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch (cause) {
    throw new AgentError(
      'CA_REFUSED',
      `${url.href} is no certificate: was the control plane started with --tls auto?`,
      { cause },
    );
  }
}

async function fetchUntrusted(url: URL, environment: Readonly<Record<string, string | undefined>>): Promise<string> {
  const agent = new Agent({ rejectUnauthorized: false, ...proxyOptions(url, environment) });
  try {
    return await new Promise((resolve, reject) => {
      const get = request(url, { agent, signal: AbortSignal.timeout(timeoutMilliseconds) }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
          if (text.length > mostBytes) response.destroy(new Error(`the answer exceeds ${mostBytes} bytes`));
        });
        response.on('error', reject);
        response.on('end', () => resolve(text));
      });
      get.on('error', reject);
      get.end();
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UnreachableError('NOT_CONNECTED', `${url.origin} cannot be reached: ${reason}`, { cause });
  } finally {
    agent.destroy();
  }
}
