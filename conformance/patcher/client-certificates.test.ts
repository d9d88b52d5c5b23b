import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { GetNodeFacts } from '@patchbay/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FleetNode, type PatchedFleet, readPackages, startPatchedFleet } from '../faults/patched-fleet.ts';
import {
  basicAuthorization,
  createTestCertificate,
  type GuardingProxy,
  startGuardingProxy,
  type TestCertificate,
} from '../support/guarded-archive.ts';
import { tryTool } from '../support/run-tool.ts';
import { testKeyringPath } from '../support/test-root.ts';

const privateHost = 'private.example';
const openHost = 'open.example';
const word = () => randomBytes(12).toString('hex');
const archiveLogin = { user: 'archive-user', password: word() };
const proxyLogin = { user: 'proxy-user', password: word() };
const wrongPassword = word();

/** What is wrong with the machine's configuration. */
interface Change {
  readonly archivePassword?: string;
  readonly proxyPassword?: string;
  readonly hasCertificate?: boolean;
  readonly hasAuthority?: boolean;
}

// apt of Debian 12 speaks TLS with GnuTLS, that of Debian 13 with OpenSSL.
describe.each(['bookworm', 'trixie'])(
  'a private archive that wants a client certificate, behind a proxy, on %s',
  (suite) => {
    let fleet: PatchedFleet;
    let node: FleetNode;
    let proxy: GuardingProxy;
    let client: TestCertificate;
    const told: string[] = [];

    /** The machine's own configuration, as its owner writes it. */
    async function configure(change: Change = {}) {
      const { archivePassword = archiveLogin.password, proxyPassword = proxyLogin.password } = change;
      const own = `Acquire::https::${privateHost}`;
      const lines = [
        `Acquire::http::Proxy "http://${proxyLogin.user}:${proxyPassword}@127.0.0.1:${proxy.port}/";`,
        ...(change.hasAuthority === false ? [] : [`${own}::CaInfo "/etc/apt/private/ca.pem";`]),
        ...(change.hasCertificate === false
          ? []
          : [`${own}::SslCert "/etc/apt/private/client.pem";`, `${own}::SslKey "/etc/apt/private/client.key";`]),
      ];
      await node.root.writeFile('/etc/apt/apt.conf.d/80private', `${lines.join('\n')}\n`);
      await node.root.writeFile(
        '/etc/apt/auth.conf.d/private.conf',
        `machine ${privateHost} login ${archiveLogin.user} password ${archivePassword}\n`,
      );
    }

    /** Sends a command, waits for its end, and keeps everything that it told. */
    async function patch(operation: 'Scan' | 'Install') {
      const id = await fleet.send(operation);
      await fleet.awaitFinished(id);
      const outcome = await fleet.read(id, node.instanceId);
      const { facts } = await fleet.call(GetNodeFacts, { instanceId: node.instanceId });
      told.push(JSON.stringify(outcome), JSON.stringify(facts));
      const archives = facts.offers.archives.map(({ address, status, reason }) => ({
        uri: address.uri,
        status,
        reason,
      }));
      return { outcome, archiveOf: (host: string) => archives.find(({ uri }) => uri.includes(host)) };
    }

    beforeAll(async () => {
      fleet = await startPatchedFleet({ nodeCount: 1, suite });
      [node] = fleet.nodes as [FleetNode];
      client = await createTestCertificate('client.example');
      const server = await createTestCertificate(privateHost);
      const { main, security } = fleet.archives.archives;
      proxy = await startGuardingProxy({
        login: proxyLogin,
        open: new Map([[openHost, main.uri]]),
        guarded: {
          host: privateHost,
          target: security.uri,
          certificate: server,
          clientCertificate: client.certificate,
          login: archiveLogin,
        },
      });
      const { root } = node;
      await root.writeFile('/etc/apt/private/ca.pem', server.certificate);
      await root.writeFile('/etc/apt/private/client.pem', client.certificate);
      await root.writeFile('/etc/apt/private/client.key', client.privateKey);
      // apt fetches as this user.
      await root.run(['chown', '_apt', '/etc/apt/private/client.key']);
      await root.run(['chmod', '400', '/etc/apt/private/client.key']);
      const stanza = (uri: string, suite: string) =>
        `Types: deb\nURIs: ${uri}\nSuites: ${suite}\nComponents: main\nSigned-By: ${testKeyringPath}\n`;
      const sources = [
        stanza(`http://${openHost}/debian`, main.release.codename),
        stanza(`https://${privateHost}/debian`, security.release.codename),
      ];
      await root.writeFile('/etc/apt/sources.list.d/test.sources', sources.join('\n'));
    });

    afterAll(async () => {
      proxy?.close();
      await fleet?.close();
    });

    it.each([
      // apt has no better words for it.
      ['without the client certificate', { hasCertificate: false }, /Connection failed/],
      ['without its authority', { hasAuthority: false }, /certificate/i],
      ['with a wrong password', { archivePassword: wrongPassword }, /401/],
    ])('is not read %s, and says so', async (_case, change: Change, words) => {
      await configure(change);
      const before = proxy.refused.length;
      const { outcome, archiveOf } = await patch('Scan');
      expect(outcome).toMatchObject({ status: 'Failed', verdict: 'unknown' });
      expect(archiveOf(privateHost)).toMatchObject({ status: 'unreachable', reason: expect.stringMatching(words) });
      expect(archiveOf(openHost)).toMatchObject({ status: 'current' });
      expect(proxy.served).toEqual([]);
      const missed = proxy.refused.slice(before).includes('ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE');
      expect(missed).toBe(change.hasCertificate === false);
    });

    it('is not read where the proxy refuses', async () => {
      await configure({ proxyPassword: wrongPassword });
      const { outcome, archiveOf } = await patch('Scan');
      expect(outcome).toMatchObject({ status: 'Failed', verdict: 'unknown' });
      for (const host of [openHost, privateHost]) {
        expect(archiveOf(host)).toMatchObject({ status: 'unreachable', reason: expect.stringContaining('407') });
      }
    });

    it('is scanned and installed from with what the machine’s own apt is configured to', async () => {
      await configure();
      const version = await fleet.publishNext();
      const scan = await patch('Scan');
      expect(scan.outcome, scan.outcome.output).toMatchObject({ status: 'Success', verdict: 'non-compliant' });
      for (const host of [openHost, privateHost]) expect(scan.archiveOf(host)).toMatchObject({ status: 'current' });
      const install = await patch('Install');
      expect(install.outcome, install.outcome.errors).toMatchObject({ status: 'Success', verdict: 'compliant' });
      expect((await readPackages(node)).versions).toEqual(Array(3).fill(`install ok installed ${version}`));
      expect(proxy.served.filter((request) => request.includes('/pool/')).length).toBe(3);
      expect(proxy.passed.some((request) => request.startsWith(`GET http://${openHost}/debian/dists/`))).toBe(true);
    });

    it('leaves no password and no key in outputs, facts, logs or files of the agent and the control plane', async () => {
      const keyLines = client.privateKey.split('\n').filter((line) => line !== '' && !line.startsWith('-'));
      const secrets = [
        archiveLogin.password,
        proxyLogin.password,
        wrongPassword,
        ...[archiveLogin, proxyLogin].map((login) => basicAuthorization(login).slice('Basic '.length)),
        ...keyLines,
      ];
      const all = [...told, node.agent.output(), fleet.serverOutput()].join('\n');
      for (const secret of secrets) expect(all).not.toContain(secret);
      const search = async (text: string) => {
        const places = [node.stateDirectory, join(fleet.folder, 'data')];
        return (await tryTool(['grep', '--recursive', '--files-with-matches', '--text', '-F', text, ...places])).stdout;
      };
      for (const secret of secrets) expect(await search(secret)).toBe('');
      // What is no secret is found in both by the same search.
      const found = await search(privateHost);
      expect(found).toContain(node.stateDirectory);
      expect(found).toContain(join(fleet.folder, 'data'));
      expect(all).toContain(privateHost);
    });
  },
);
