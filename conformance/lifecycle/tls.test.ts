import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { Agent } from 'node:https';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { CreateActivationCommand, SSMClient } from '@aws-sdk/client-ssm';
import { AdministratorAccess, administratorFile } from '@patchbay/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createControlPlaneClient } from '../../packages/agent/src/client/index.ts';
import { enrol } from '../../packages/agent/src/enrolment.ts';
import { openStateDirectory, readIdentity } from '../../packages/agent/src/state/index.ts';
import {
  createCertificateAuthority,
  issueServerCertificate,
} from '../../packages/server/src/tls/certificate-authority.ts';
import { type PatchbayProcess, startPatchbay } from '../support/patchbay-process.ts';
import { tryTool } from '../support/run-tool.ts';

const launcher = join(import.meta.dirname, '../../patchbay');

describe('a control plane with --tls auto', () => {
  let folder = '';
  let server: PatchbayProcess;
  let endpoint = '';
  let fingerprint = '';
  let ssm: SSMClient;
  const start = async () => {
    server = startPatchbay([
      'up',
      '--tls',
      'auto',
      '--tls-name',
      'patchbay.test',
      '--port',
      '0',
      '--data',
      `${folder}/data`,
    ]);
    endpoint = (await server.waitFor(/^ready (\S+)$/m))[1] ?? '';
    fingerprint = /^ca-fingerprint (\S+)$/m.exec(server.output())?.[1] ?? '';
  };
  const activate = async () => {
    const { ActivationId: id = '', ActivationCode: code = '' } = await ssm.send(
      new CreateActivationCommand({ IamRole: 'node' }),
    );
    return { id, code };
  };
  const newState = async () => openStateDirectory(await mkdtemp(join(folder, 'state-')));
  const silent = { log: () => {} };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'patchbay-tls-'));
    await start();
    const access = AdministratorAccess.parse(JSON.parse(await readFile(administratorFile(`${folder}/data`), 'utf8')));
    const ca = await readFile(access.caFile ?? '');
    ssm = new SSMClient({
      endpoint,
      region: access.region,
      credentials: access,
      requestHandler: { httpsAgent: new Agent({ ca }) },
    });
  });
  afterAll(async () => {
    ssm.destroy();
    await server.end('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  });

  it('lets the aws CLI in after eval "$(./patchbay env)", and nobody who does not know the authority', async () => {
    expect(endpoint).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const line = `eval "$(${launcher} env --data ${folder}/data)"; aws sts get-caller-identity; echo "$PATCHBAY_CA_FINGERPRINT"`;
    const { stdout } = await promisify(execFile)('/bin/bash', ['-c', line]);
    expect(stdout).toContain(':user/administrator');
    expect(stdout.trim().split('\n').at(-1)).toBe(fingerprint);
    await expect(fetch(endpoint)).rejects.toThrow('fetch failed');
  });

  it('lets its own command in by the environment alone', async () => {
    const line = `eval "$(${launcher} env --data ${folder}/data)"; unset NODE_EXTRA_CA_CERTS; ${launcher} explain mi-00000000000000000`;
    const { stderr } = await tryTool(['/bin/bash', '-c', line]);
    expect(stderr).toContain('mi-00000000000000000');
    expect(stderr).not.toContain('reached');
  });

  it('enrols a node that was told the fingerprint, which then trusts that authority alone', async () => {
    const state = await newState();
    const identity = await enrol(
      state,
      { endpoint, region: 'us-east-1', activation: await activate(), caFingerprint: fingerprint },
      silent,
    );
    expect(readIdentity(state)?.caCertificate).toContain('BEGIN CERTIFICATE');
    const ping = async (change: Partial<typeof identity>) => {
      const client = createControlPlaneClient({ ...identity, ...change }, silent);
      try {
        const input = { InstanceId: identity.instanceId, AgentName: 'a', AgentVersion: '1' };
        return await client.callSsm('UpdateInstanceInformation', input, z.object({}), { attempts: 1 });
      } finally {
        client.close();
      }
    };
    expect(await ping({})).toEqual({});
    await expect(ping({ caCertificate: null })).rejects.toMatchObject({ name: 'UnreachableError' });
    // The same server under a name that its certificate does not carry (127.0.0.2 is this machine too).
    await expect(ping({ endpoint: endpoint.replace('127.0.0.1', '127.0.0.2') })).rejects.toMatchObject({
      name: 'UnreachableError',
    });
  });

  it('does not get the activation code of a node that was told another fingerprint', async () => {
    const activation = await activate();
    const state = await newState();
    const request = { endpoint, region: 'us-east-1', activation };
    const other = `sha256:${'0'.repeat(64)}`;
    await expect(enrol(state, { ...request, caFingerprint: other }, silent)).rejects.toMatchObject({
      code: 'CA_REFUSED',
      message: expect.stringContaining(fingerprint),
    });
    await expect(enrol(state, { ...request, caFingerprint: 'sha1:00' }, silent)).rejects.toMatchObject({
      code: 'CA_REFUSED',
    });
    expect(readIdentity(state)).toBeNull();
    // The activation is for one node: it is still there to be used.
    expect((await enrol(state, { ...request, caFingerprint: fingerprint }, silent)).instanceId).toMatch(/^mi-/);
  });

  it('is reached through an HTTPS proxy', async () => {
    const { port } = new URL(endpoint);
    const asked: string[] = [];
    const proxy = createServer().on('connect', (request, socket) => {
      asked.push(request.url ?? '');
      const target = connectSocket(Number(port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        target.pipe(socket).pipe(target);
      });
      target.on('error', () => socket.destroy());
      socket.on('error', () => target.destroy());
    });
    await new Promise<void>((resolve) => {
      proxy.listen(0, '127.0.0.1', resolve);
    });
    const address = proxy.address();
    process.env['https_proxy'] = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    try {
      const named = `https://patchbay.test:${port}`;
      const request = {
        endpoint: named,
        region: 'us-east-1',
        activation: await activate(),
        caFingerprint: fingerprint,
      };
      expect((await enrol(await newState(), request, silent)).endpoint).toBe(named);
      expect(new Set(asked)).toEqual(new Set([`patchbay.test:${port}`]));
    } finally {
      delete process.env['https_proxy'];
      proxy.closeAllConnections();
      proxy.close();
    }
  });

  it('has the same authority after a restart', async () => {
    const before = fingerprint;
    await server.end('SIGTERM');
    await start();
    expect(fingerprint).toBe(before);
  });
});

describe('a control plane with a certificate from files', () => {
  it('serves a new one after SIGHUP, without a restart', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'patchbay-tls-'));
    const now = new Date();
    const authority = await createCertificateAuthority('123456789012', now);
    const write = async () => {
      const issued = await issueServerCertificate(authority, ['127.0.0.1'], now);
      await writeFile(`${folder}/cert.pem`, issued.certificate);
      await writeFile(`${folder}/key.pem`, issued.privateKey);
      return new X509Certificate(issued.certificate).serialNumber;
    };
    const files = ['--tls-cert', `${folder}/cert.pem`, '--tls-key', `${folder}/key.pem`];
    const first = await write();
    const server = startPatchbay(['up', ...files, '--port', '0', '--data', `${folder}/data`]);
    try {
      const endpoint = new URL((await server.waitFor(/^ready (\S+)$/m))[1] ?? '');
      const served = async () => {
        const socket = connectTls({ host: '127.0.0.1', port: Number(endpoint.port), ca: authority.certificate });
        await once(socket, 'secureConnect');
        const serial = socket.getPeerX509Certificate()?.serialNumber;
        socket.destroy();
        return serial;
      };
      expect(await served()).toBe(first);
      const second = await write();
      server.signal('SIGHUP');
      await server.waitFor(/certificate was replaced/);
      expect(await served()).toBe(second);
    } finally {
      await server.end('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    }
  });
});
