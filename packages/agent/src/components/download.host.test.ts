import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AllowedHosts, readAllowedHosts } from '../network/index.ts';
import { createTestTimers } from '../test-support/test-timers.ts';
import { createDownloader, type DownloadRequest } from './download.ts';

let failuresToCome = 0;
const answer: RequestListener = (request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://here');
  if (pathname === '/again') response.writeHead(302, { location: '/file' }).end();
  else if (pathname === '/loop') response.writeHead(302, { location: '/loop' }).end();
  else if (pathname === '/passwd') response.writeHead(302, { location: 'file:///etc/passwd' }).end();
  else if (pathname === '/local') response.writeHead(302, { location: 'http://127.0.0.2/file' }).end();
  else if (pathname === '/hangs') response.writeHead(200).write('x');
  else if (pathname === '/half')
    response.writeHead(200, { 'content-length': '100' }).write('half', () => response.destroy());
  else if (pathname === '/flaky' && failuresToCome > 0) {
    failuresToCome -= 1;
    response.writeHead(503).end();
  } else if (pathname === '/file' || pathname === '/flaky') response.end('content');
  else response.writeHead(404).end();
};

describe('a download', () => {
  const folder = mkdtempSync(join(tmpdir(), 'component-download-'));
  const file = join(folder, 'file');
  const certificate = join(folder, 'certificate.pem');
  const key = join(folder, 'key.pem');
  const subject = '-subj /CN=test -addext subjectAltName=IP:127.0.0.1';
  const words = `req -x509 -newkey ed25519 -nodes -days 2 ${subject} -keyout ${key} -out ${certificate}`.split(' ');
  execFileSync('openssl', words, { stdio: 'ignore' });
  const servers = {
    http: createServer(answer),
    https: createSecureServer({ cert: readFileSync(certificate), key: readFileSync(key) }, answer),
  };
  const origins = { http: '', https: '' };
  beforeAll(async () => {
    for (const scheme of ['http', 'https'] as const) {
      await new Promise<void>((resolve) => servers[scheme].listen(0, '127.0.0.1', resolve));
      origins[scheme] = `${scheme}://127.0.0.1:${(servers[scheme].address() as AddressInfo).port}`;
    }
  });
  beforeEach(() => rmSync(file, { force: true }));
  afterAll(() => {
    for (const server of Object.values(servers)) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(folder, { recursive: true });
  });

  const download = (address: string, more: Partial<DownloadRequest> = {}, hosts?: AllowedHosts) => {
    const timers = createTestTimers();
    const request: DownloadRequest = {
      url: new URL(address),
      file,
      digest: null,
      ignoresCertificateErrors: false,
      signal: AbortSignal.timeout(20_000),
      onRetry: () => {},
      ...more,
    };
    return createDownloader({ environment: {}, timers, ...(hosts === undefined ? {} : { hosts }) })(request).then(
      (result) => ({ ...result, timers }),
    );
  };

  it('follows redirects and answers the digest of what it wrote', async () => {
    const { digest } = await download(`${origins.http}/again`, { digest: 'sha256' });
    expect(readFileSync(file, 'utf8')).toBe('content');
    expect(digest).toBe(createHash('sha256').update('content').digest('hex'));
  });

  it('is tried five times, with longer and longer waits, where that can help', async () => {
    failuresToCome = 4;
    const reasons: string[] = [];
    const { timers } = await download(`${origins.http}/flaky`, { onRetry: (reason) => reasons.push(reason) });
    expect(timers.slept).toEqual([1000, 2000, 4000, 8000]);
    expect(reasons[0]).toMatch(/\/flaky answered with status 503$/);
    failuresToCome = 5;
    await expect(download(`${origins.http}/flaky`)).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
    await expect(download(`${origins.http}/half`)).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
    expect(existsSync(file)).toBe(false);
  });

  it.each([
    ['what is not there', '/none', /answered with status 404/],
    ['redirects without end', '/loop', /redirects more than 10 times/],
    ['a redirect to a file', '/passwd', /is no http:.* address/],
  ])('gives up at once on %s', async (_what, path, message) => {
    const reasons: string[] = [];
    const failing = download(`${origins.http}${path}`, { onRetry: (reason) => reasons.push(reason) });
    await expect(failing).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED', message: expect.stringMatching(message) });
    expect(reasons).toEqual([]);
  });

  it('refuses a certificate that nobody vouches for, unless it shall not', async () => {
    await expect(download(`${origins.https}/file`)).rejects.toMatchObject({
      message: expect.stringMatching(/self-signed/),
    });
    await download(`${origins.https}/file`, { ignoresCertificateErrors: true });
    expect(readFileSync(file, 'utf8')).toBe('content');
  });

  it('asks no host that it may not: as written, behind a name, after a redirect', async () => {
    const { host, port } = new URL(origins.http);
    const nobody = readAllowedHosts([]);
    const onlyFirst = readAllowedHosts([host]);
    const behindName: AllowedHosts = { allows: () => true, allowsAddress: () => false };
    await download(`${origins.http}/file`, {}, onlyFirst);
    rmSync(file);
    for (const [address, hosts] of [
      [`${origins.http}/file`, nobody],
      [`http://localhost:${port}/file`, behindName],
      [`${origins.http}/local`, onlyFirst],
    ] as const) {
      await expect(download(address, {}, hosts)).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED' });
    }
    expect(existsSync(file)).toBe(false);
  });

  it('ends with its signal and leaves nothing', async () => {
    const failing = download(`${origins.http}/hangs`, { signal: AbortSignal.timeout(200) });
    await expect(failing).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
    expect(existsSync(file)).toBe(false);
  });

  it('says nothing of what an address carries as a secret', async () => {
    const address = origins.http.replace('http://', 'http://user:password@');
    await expect(download(`${address}/none?token=abc`)).rejects.toMatchObject({
      message: expect.not.stringMatching(/password|abc/),
    });
  });
});
