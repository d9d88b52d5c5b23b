import { services } from '../../packages/server/src/app.ts';
import { pathCallOf, sendPathCall } from '../../packages/server/src/test-support/path-call.ts';
import { readSuccess } from '../../packages/server/src/test-support/send-request.ts';
import type { KnownTexts } from './shaped-json.ts';
import type { FuzzedServer } from './start-fuzzed-server.ts';

const service = 'imagebuilder';

/** The parts of a scene that are added to. */
export interface Furniture {
  readonly known: KnownTexts;
  readonly examples: ReadonlyMap<string, readonly object[]>;
}

/** A call that must succeed, and its answer. */
export async function callImageBuilder(server: FuzzedServer, name: string, input: object): Promise<unknown> {
  const operation = services.find(({ targetPrefix }) => targetPrefix === service)?.operations.get(name);
  if (operation === undefined) throw new Error(`Image Builder has no operation ${name}`);
  const { url, region, administrator: credentials } = server;
  const path = pathCallOf(operation, input);
  return readSuccess(await sendPathCall(url, { ...path, service, region, credentials, now: new Date() }));
}
