import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTool, tryTool } from '../support/run-tool.ts';
import { startTestRegistry, type TestRegistry } from '../support/test-registry.ts';
import { type ImageStage, openImageStage } from './image-stage.ts';

const host = 'registry.patchbay.test';
const launcher = join(dirname(dirname(import.meta.dirname)), 'patchbay');

describe('a registry with a certificate of an authority that the system does not know', () => {
  let stage: ImageStage;
  let registry: TestRegistry;
  let certificate: string;
  let name: string;

  beforeAll(async () => {
    stage = await openImageStage([]);
    certificate = join(stage.folder, 'certificate.pem');
    const key = join(stage.folder, 'key.pem');
    const subject = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`];
    const files = ['-keyout', key, '-out', certificate, '-days', '2'];
    await runTool(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...files, ...subject]);
    registry = await startTestRegistry({ tls: { certificate, key } });
    name = `${host}:${registry.address.split(':')[1]}/app:1`;
    await writeFile(join(stage.folder, 'hosts'), `127.0.0.1 localhost ${host}\n`);
    await stage.publish('app:1');
  });
  afterAll(async () => {
    await registry?.close();
    await stage?.close();
  });

  /** With that name in /etc/hosts, for this command alone. */
  async function run(words: readonly string[], variables: readonly string[], place?: string) {
    const withHosts = 'mount --bind "$1" /etc/hosts && shift && exec "$@"';
    const prefix = ['--mount', 'sh', '-c', withHosts, 'sh', join(stage.folder, 'hosts'), 'env', ...variables] as const;
    return await tryTool(['unshare', ...prefix, launcher, ...stage.wordsOf(words, place)]);
  }

  it('is refused, and told as what it is', async () => {
    const { exitCode, stderr } = await run(['scan', name], ['NODE_EXTRA_CA_CERTS=']);
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(/certificate/i);
    expect(stderr).toContain('NODE_EXTRA_CA_CERTS');
  });

  it('takes and gives images once the authority is named', async () => {
    const trusted = [`NODE_EXTRA_CA_CERTS=${certificate}`];
    const patched = await run(['patch', stage.nameOf('app:1'), '--push', name], trusted);
    expect([patched.exitCode, patched.stderr]).toEqual([0, expect.stringContaining('Pushing')]);
    const scanned = await run(['scan', name], trusted, 'other');
    expect([scanned.exitCode, scanned.stdout]).toEqual([0, expect.stringContaining(name)]);
  });
});
