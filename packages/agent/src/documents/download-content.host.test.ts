import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { builtInDocuments, CommandDocument, resolveParameters } from '@patchbay/patching';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openMachine } from '../machine/index.ts';
import { makePrivateDirectory } from '../test-support/private-directory.ts';
import { commandId } from '../test-support/signed-commands.ts';
import { createContentFetcher } from './fetch-content.ts';
import { runDocument } from './run-document.ts';
import type { DocumentResult } from './step-result.ts';

const greeting = JSON.stringify({
  schemaVersion: '2.2',
  parameters: { name: { type: 'String', default: 'nobody' } },
  mainSteps: [{ action: 'aws:runShellScript', name: 'greet', inputs: { runCommand: ['echo hello {{ name }}'] } }],
});
const sha256 = createHash('sha256').update(greeting).digest('hex');

const answer: RequestListener = (request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://here');
  if (pathname === '/greeting.json') response.end(greeting);
  else if (pathname === '/again') response.writeHead(302, { location: '/greeting.json' }).end();
  else if (pathname === '/loop') response.writeHead(302, { location: '/loop' }).end();
  else if (pathname === '/private') {
    const isKnown = request.headers.authorization === `Basic ${Buffer.from('me:secret').toString('base64')}`;
    response.writeHead(isKnown ? 200 : 401).end(isKnown ? greeting : '');
  } else response.writeHead(404).end();
};

describe('downloads of a document', () => {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-downloads-'));
  const certificate = join(folder, 'certificate.pem');
  const key = join(folder, 'key.pem');
  execFileSync(
    'openssl',
    `req -x509 -newkey ed25519 -nodes -days 2 -subj /CN=test -addext subjectAltName=IP:127.0.0.1 -keyout ${key} -out ${certificate}`.split(
      ' ',
    ),
    { stdio: 'ignore' },
  );
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
  afterAll(() => {
    for (const server of Object.values(servers)) server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** On this very host, over real connections. */
  async function run(
    content: unknown,
    given: Record<string, string[]> = {},
    { isInsecureAllowed = false, nested = {} }: { isInsecureAllowed?: boolean; nested?: Record<string, unknown> } = {},
  ): Promise<DocumentResult> {
    const document = CommandDocument.parse(content);
    const resolved = resolveParameters(document, given);
    if (!resolved.ok) throw new Error(JSON.stringify(resolved.problems));
    const machine = await openMachine({ root: null, workDirectory: makePrivateDirectory(), access: 'read-write' });
    try {
      return await runDocument({
        commandId,
        document,
        values: resolved.values,
        nested: new Map(Object.entries(nested).map(([name, each]) => [name, CommandDocument.parse(each)])),
        machine,
        downloads: { fetch: createContentFetcher({}, readFileSync(certificate, 'utf8')), isInsecureAllowed },
        signal: new AbortController().signal,
        rebootRefusal: 'No reboots here.',
        isCancelled: () => false,
        now: () => new Date(),
        onStepStarted: () => {},
        onStepFinished: () => {},
      });
    } finally {
      await machine.close();
    }
  }
  const download = (sourceInfo: unknown, more: object = {}) => ({
    schemaVersion: '2.2',
    mainSteps: [{ action: 'aws:downloadContent', name: 'fetch', inputs: { sourceType: 'HTTP', sourceInfo, ...more } }],
  });

  it('come over https and can be run', async () => {
    const { status, steps } = await run(builtInDocuments['AWS-RunDocument'], {
      sourceType: ['HTTP'],
      sourceInfo: [JSON.stringify({ url: `${origins.https}/again`, sha256 })],
      documentParameters: ['{"name":"web"}'],
    });
    expect(steps[1]).toMatchObject({ status: 'Success', standardOutput: 'hello web\n' });
    expect(status).toBe('Success');
  });

  it('come from a file of the machine, if it is what the checksum says', async () => {
    const file = join(folder, 'a greeting.json');
    writeFileSync(file, greeting);
    const url = pathToFileURL(file).href;
    const { steps } = await run(download({ url, sha256 }, { destinationPath: join(folder, 'copied/') }));
    expect(steps).toMatchObject([{ status: 'Success' }]);
    expect(readFileSync(join(folder, 'copied/a_20greeting.json'), 'utf8')).toBe(greeting);
    const refused = async (sourceInfo: object) => (await run(download(sourceInfo))).steps[0]?.standardError;
    expect(await refused({ url, sha256: 'f'.repeat(64) })).toContain('was not kept');
    expect(await refused({ url: 'file:///no/such/file' })).toContain('There is no file /no/such/file');
    expect(await refused({ url: 'file://elsewhere/etc/passwd' })).toContain('There is no file elsewhere');
    expect(await refused({ url: 'ftp://127.0.0.1/x' })).toContain('Expected an https address');
  });

  it('come from the control plane, as it signed them along with the command', async () => {
    const call = {
      sourceType: ['SSMDocument'],
      sourceInfo: ['{"name":"Greeting:2"}'],
      documentPath: ['Greeting.json'],
    };
    const { steps } = await run(builtInDocuments['AWS-RunDocument'], call, {
      nested: { 'Greeting:2': JSON.parse(greeting) },
    });
    expect(steps.map((step) => step.standardOutput)).toEqual([
      'Content downloaded to Greeting.json\n',
      'hello nobody\n',
    ]);
    const without = await run(builtInDocuments['AWS-RunDocument'], call);
    expect(without.steps).toMatchObject([
      { status: 'Failed', standardError: expect.stringMatching(/did not sign the document Greeting:2/) },
      { status: 'Skipped' },
    ]);
  });

  it('go where destinationPath says', async () => {
    const target = makePrivateDirectory();
    const info = { url: `${origins.https}/greeting.json` };
    mkdirSync(join(target, 'there'));
    for (const [destinationPath, file] of [
      [join(target, 'there'), 'there/greeting.json'],
      [`${join(target, 'new')}/`, 'new/greeting.json'],
      [join(target, 'deep/er/$(id)'), 'deep/er/$(id)'],
    ] as const) {
      const { steps } = await run(download(info, { destinationPath }));
      expect(steps[0]).toMatchObject({ status: 'Success', standardError: '' });
      expect(readFileSync(join(target, file), 'utf8')).toBe(greeting);
    }
  });

  it('name who they are for, where that is asked', async () => {
    const info = { url: `${origins.https}/private`, authMethod: 'Basic', username: 'me', password: 'secret' };
    expect((await run(download(info))).status).toBe('Success');
    expect((await run(download({ ...info, password: 'wrong' }))).steps[0]?.standardError).toMatch(/status 401/);
  });

  it('come over plain http only where both the document and the node say so', async () => {
    const info = { url: `${origins.http}/greeting.json`, allowInsecureDownload: true };
    expect((await run(download(info), {}, { isInsecureAllowed: true })).status).toBe('Success');
    expect((await run(download(info))).steps[0]?.standardError).toMatch(/insecureDownloads/);
    const asked = { ...info, allowInsecureDownload: false };
    expect((await run(download(asked), {}, { isInsecureAllowed: true })).steps[0]?.standardError).toMatch(/not https/);
  });

  it.each<[string, (origin: string) => object, RegExp]>([
    ['another checksum', (origin) => ({ url: `${origin}/greeting.json`, sha256: '0'.repeat(64) }), /not kept/],
    ['redirects without end', (origin) => ({ url: `${origin}/loop` }), /more than 5 times/],
    ['nothing there', (origin) => ({ url: `${origin}/none` }), /status 404/],
    ['nobody there', () => ({ url: 'https://127.0.0.1:1/x' }), /could not be fetched/],
    ['digest authentication', (origin) => ({ url: `${origin}/x`, authMethod: 'Digest' }), /Digest is not supported/],
    ['a member that nobody knows', (origin) => ({ url: `${origin}/x`, sha1: 'x' }), /sourceInfo/],
  ])('fail with %s and leave nothing', async (_title, infoOf, reason) => {
    const target = join(makePrivateDirectory(), 'file');
    const { steps } = await run(download(infoOf(origins.https), { destinationPath: target }));
    expect(steps[0]).toMatchObject({ status: 'Failed', standardError: expect.stringMatching(reason) });
    expect(existsSync(target)).toBe(false);
  });

  it.each(['S3', 'GitHub', 'Git'])('are refused from %s', async (sourceType) => {
    const { steps } = await run(download({ path: 'x' }, { sourceType }));
    expect(steps[0]?.standardError).toMatch(new RegExp(`HTTP and SSMDocument, not from ${sourceType}`));
  });

  it('that are no document are not run', async () => {
    const content = {
      schemaVersion: '2.2',
      mainSteps: [
        {
          action: 'aws:runShellScript',
          name: 'make',
          inputs: { runCommand: ['echo "mainSteps: [" > broken.yaml'], workingDirectory: folder },
        },
        {
          action: 'aws:runDocument',
          name: 'run',
          inputs: { documentType: 'LocalPath', documentPath: join(folder, 'broken.yaml') },
        },
      ],
    };
    const { steps } = await run(content);
    expect(steps[1]).toMatchObject({
      status: 'Failed',
      standardError: expect.stringMatching(/is no document: .*YAML/),
    });
  });
});
