import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ImagebuilderClient } from '@aws-sdk/client-imagebuilder';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { Credentials } from '@patchbay/aws-wire';
import type { Selectable } from 'kysely';
import { afterAll, beforeAll } from 'vitest';
import { openAgentPackages } from '../agent-packages/index.ts';
import { buildApp } from '../app.ts';
import { notify, openInstallation, startNotifications } from '../database/index.ts';
import type { Database } from '../database/tables.ts';
import { withTestDatabase } from '../database/test-support/test-database.ts';
import type { Dependencies } from '../dependencies.ts';
import { createEgressClient, createEgressPolicy } from '../egress/index.ts';
import { createAccessKeys } from '../identity/access-keys.ts';
import { ensureAdministrator } from '../identity/administrator.ts';
import { createRecentClaims } from '../identity/recent-claims.ts';
import { createSessionTokens } from '../identity/session-tokens.ts';
import { createLogger, createMetrics, createReadiness } from '../observability/index.ts';
import type { AuditEventsTable } from '../operations/tables.ts';
import { createOverrideReader } from '../patchbay/overrides/read-override.ts';
import { defaultQuotas, type Quotas } from '../quotas.ts';
import { createSecretBox, type SecretBox, signingKeyFromSeed } from '../secrets/index.ts';
import { type RawAnswer, sendJsonCall } from './send-request.ts';

/** The moment at which every test server starts; only `setNow` and `advance` move it. */
export const TEST_START = new Date('2026-11-20T12:00:00.000Z');
export const TEST_REGION = 'us-east-1';
/** A second region that the same installation serves, to prove that the two do not mix. */
export const OTHER_REGION = 'eu-west-1';

/** The real application on the test file's own database, with a clock that tests move. */
export interface TestServer {
  readonly url: string;
  readonly accountId: string;
  readonly database: Database;
  readonly secrets: SecretBox;
  readonly dependencies: Dependencies;
  /** Of the first administrator. */
  readonly administrator: Credentials;
  /** The real SDK client as the first administrator. */
  readonly ssm: SSMClient;
  now(): Date;
  setNow(now: Date): void;
  advance(change: { readonly hours?: number; readonly minutes?: number; readonly seconds?: number }): void;
  /** Another SDK client; it stands in the server's time as well. */
  createClient(credentials: Credentials, region?: string): SSMClient;
  /** The same for Image Builder; by default as the first administrator. */
  createImageBuilderClient(credentials?: Credentials, region?: string): ImagebuilderClient;
  /** A signed call in JSON 1.1, answered as it comes. */
  call(target: string, input: unknown, options?: CallOptions): Promise<RawAnswer>;
  auditEvents(action?: string): Promise<Selectable<AuditEventsTable>[]>;
  /** The lines that the server logged as errors so far. */
  readonly errorLog: readonly string[];
  /** Where the files of `patchbay-override:NAME` lie. */
  readonly overrideDirectory: string;
  /** Ends serving, as a server that stops does first. */
  closeApp(): Promise<void>;
}

/** What a test wants otherwise than usual. */
export interface TestServerOptions {
  readonly quotas?: Quotas;
  readonly mostPatchingNodes?: number;
}

export interface CallOptions {
  readonly service?: string;
  readonly region?: string;
  readonly credentials?: Credentials;
  readonly now?: Date;
}

/** Short enough for tests that wait for nothing, long enough for a wake-up to be what ends a poll. */
const longPollMilliseconds = 1_500;

/** Gives the test file a running server. Call it at the top of the file; the answered function works inside of tests. */
export function withTestServer(options: TestServerOptions = {}): () => TestServer {
  const testDatabase = withTestDatabase();
  let current: TestServer | undefined;
  let stop = async () => {};
  beforeAll(async () => {
    const { connection, database } = testDatabase();
    const started = await start(connection, database, options);
    current = started.server;
    stop = started.stop;
  });
  afterAll(() => stop());
  return () => {
    if (!current) throw new Error('The test server exists inside of tests and hooks only');
    return current;
  };
}

async function start(
  connection: Parameters<typeof startNotifications>[0],
  database: Database,
  options: TestServerOptions,
): Promise<{ server: TestServer; stop: () => Promise<void> }> {
  const overrideDirectory = mkdtempSync(join(tmpdir(), 'patchbay-overrides-'));
  const readOverride = createOverrideReader({ allowed: [], directory: overrideDirectory });
  let now = TEST_START;
  const clock = () => new Date(now);
  const secrets = createSecretBox(randomBytes(32), randomBytes);
  const { accountId, signingKey } = await openInstallation(database, { secrets, now, randomBytes });
  const notifications = await startNotifications(connection, () => {});
  const errorLog: string[] = [];
  const dependencies: Dependencies = {
    clock,
    randomBytes: (size) => randomBytes(size),
    randomId: randomUUID,
    logger: createLogger({ level: 'error', destination: { write: (line) => void errorLog.push(line) } }),
    metrics: createMetrics(),
    accessKeys: createAccessKeys({ secrets, randomBytes }),
    recentClaims: createRecentClaims(() => performance.now()),
    sessionTokens: createSessionTokens({ secrets, randomBytes }),
    secrets,
    signingKey,
    agentPackages: openAgentPackages('/nonexistent', signingKeyFromSeed(secrets.deriveKey('agent-release'))),
    pageTokenKey: secrets.deriveKey('page-token'),
    downloadKey: secrets.deriveKey('download'),
    quotas: options.quotas ?? defaultQuotas,
    wake: { notify, subscribe: (topic, key, callback) => notifications.subscribe(topic, key, () => callback()) },
    readOverride: (address) => readOverride(address),
    mostPatchingNodes: options.mostPatchingNodes ?? 500,
    commandOutputLimitBytes: 3 * 1024 * 1024,
    longPollMilliseconds,
    egress: createEgressClient(createEgressPolicy(['127.0.0.1'])),
  };
  const stopping = new AbortController();
  const app = buildApp({
    db: database,
    dependencies,
    authenticator: {
      db: database,
      sessionTokens: dependencies.sessionTokens,
      accessKeys: dependencies.accessKeys,
      recentClaims: dependencies.recentClaims,
      regions: [TEST_REGION, OTHER_REGION],
    },
    observability: {
      metricsAccess: { kind: 'loopback' },
      findReasons: createReadiness({ db: database, areJobsRunning: () => true, stopping: stopping.signal }),
    },
    stopping: stopping.signal,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const administrator = await ensureAdministrator(database, accountId, { accessKeys: dependencies.accessKeys, now });
  if (!administrator) throw new Error('A new installation has no administrator');
  const clients: (SSMClient | ImagebuilderClient)[] = [];
  // The SDK signs with the real clock and this offset.
  const followClock = (client: SSMClient | ImagebuilderClient) => {
    client.config.systemClockOffset = now.getTime() - Date.now();
  };
  const kept = <Client extends SSMClient | ImagebuilderClient>(client: Client): Client => {
    clients.push(client);
    followClock(client);
    return client;
  };
  const settings = ({ accessKeyId, secretAccessKey, sessionToken }: Credentials, region = TEST_REGION) => ({
    endpoint: url,
    region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    maxAttempts: 1,
  });
  const createClient = (credentials: Credentials, region?: string) =>
    kept(new SSMClient(settings(credentials, region)));
  const setNow = (moment: Date) => {
    now = moment;
    for (const client of clients) followClock(client);
  };
  const server: TestServer = {
    url,
    accountId,
    database,
    secrets,
    dependencies,
    administrator,
    ssm: createClient(administrator),
    now: clock,
    setNow,
    advance: ({ hours = 0, minutes = 0, seconds = 0 }) => {
      setNow(new Date(now.getTime() + ((hours * 60 + minutes) * 60 + seconds) * 1000));
    },
    createClient,
    createImageBuilderClient: (credentials = administrator, region) =>
      kept(new ImagebuilderClient(settings(credentials, region))),
    call: async (target, input, options = {}) =>
      await sendJsonCall(url, {
        target,
        service: options.service ?? 'ssm',
        region: options.region ?? TEST_REGION,
        credentials: options.credentials ?? administrator,
        now: options.now ?? now,
        body: typeof input === 'string' || input instanceof Uint8Array ? input : JSON.stringify(input),
      }),
    auditEvents: async (action) => {
      const select = database.selectFrom('auditEvents').selectAll().orderBy('happenedAt');
      return await (action === undefined ? select : select.where('action', '=', action)).execute();
    },
    errorLog,
    overrideDirectory,
    closeApp: async () => await app.close(),
  };
  const stop = async () => {
    stopping.abort();
    for (const client of clients) client.destroy();
    await app.close();
    await notifications.stop();
    rmSync(overrideDirectory, { recursive: true });
  };
  return { server, stop };
}
