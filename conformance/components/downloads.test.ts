import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ComponentStage, openComponentStage } from './component-stage.ts';

let stage: ComponentStage;
let server: Server;
let origin: string;
const asked: string[] = [];
const sha256 = createHash('sha256').update('downloaded').digest('hex');

beforeAll(async () => {
  stage = await openComponentStage();
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (request.url === '/hangs') response.writeHead(200).write('x');
    else response.writeHead(request.url?.startsWith('/none') ? 404 : 200).end('downloaded');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  await stage?.close();
});

async function download(inputs: readonly object[], more = ''): Promise<string> {
  const { phases } = await stage.runSteps(
    `- {name: It, action: WebDownload, ${more}inputs: ${JSON.stringify(inputs)}}`,
  );
  const [step] = phases[0]?.steps ?? [];
  return step?.failureMessage ?? JSON.stringify(step?.outputs);
}

it('WebDownload puts files under a name or into folders that it makes', async () => {
  const inputs = [
    { source: `${origin}/dir/a%20b.txt?x=1`, destination: '/srv/downloads/new/' },
    { source: `${origin}/tool`, destination: 'tool' },
  ];
  expect(await download(inputs)).toBe('[{"destination":"/srv/downloads/new/a b.txt"},{"destination":"/tmp/tool"}]');
  expect(await stage.judge('cat "/srv/downloads/new/a b.txt"; stat -c " %a %U" "/srv/downloads/new/a b.txt"')).toBe(
    'downloaded 644 root',
  );
  expect(await download([{ source: `${origin}/`, destination: '/srv/downloads/' }])).toContain(
    'has no name for a file',
  );
  expect(await download([{ source: `${origin}/a%2fb`, destination: '/srv/' }])).toContain('has no name for a file');
});

it('WebDownload keeps only what has the checksum, and downloads nothing that is there already', async () => {
  const wanted = {
    source: `${origin}/checked`,
    destination: '/srv/checked',
    algorithm: 'SHA256',
    checksum: sha256.toUpperCase(),
  };
  expect(await download([{ ...wanted, checksum: 'ab' }])).toBe(
    `what ${origin}/checked holds has the SHA256 ${sha256}, not ab`,
  );
  expect(await stage.judge('ls /srv/checked 2>&1')).toContain('No such file');
  expect(await download([wanted])).toBe('[{"destination":"/srv/checked"}]');
  asked.length = 0;
  expect(await download([wanted])).toBe('[{"destination":"/srv/checked"}]');
  expect(asked).toEqual([]);
  await stage.judge('echo other >/srv/checked');
  expect(await download([{ ...wanted, overwrite: 'false' }])).toBe(
    '/srv/checked is there already, and overwrite is false',
  );
  expect(asked).toEqual([]);
});

it('WebDownload fails for what is not there, or takes longer than the step has, and leaves nothing', async () => {
  expect(await download([{ source: `${origin}/none`, destination: '/srv/none' }])).toBe(
    `${origin}/none answered with status 404`,
  );
  expect(await download([{ source: `${origin}/hangs`, destination: '/srv/hangs' }], 'timeoutSeconds: 1, ')).toBe(
    'timed out after 1 seconds',
  );
  expect(readdirSync(join(stage.folder, 'work')).toSorted()).toEqual([
    'commands',
    'lending.lock',
    'lent.lock',
    'shared',
    'tmp',
  ]);
  expect(readdirSync(stage.machine.workDirectory.outside)).toEqual([]);
});
