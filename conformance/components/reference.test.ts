import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { actionNames, findContainerProblem, readComponentDocument } from '@patchbay/patching';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ComponentStage, openComponentStage } from './component-stage.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/component-reference.md'), 'utf8');
/** The steps of every example, with the actions that the headings before it name. */
const examples = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, steps = '']) => steps);
const elsewhere = ['Reboot', 'S3Upload'];
let stage: ComponentStage;

beforeAll(async () => {
  stage = await openComponentStage();
});

afterAll(async () => {
  await stage?.close();
});

function documentOf(steps: readonly string[]): string {
  const lines = steps.join('').replaceAll(/^(?=.)/gm, '      ');
  return `schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n${lines}`;
}

it('the reference has a heading for every action, and an example of nearly every one', () => {
  const headings = [...text.matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
  expect(new Set(headings)).toEqual(new Set<string>(actionNames));
  const shown = new Set([...text.matchAll(/^ {2}action: (\w+)$/gm)].map(([, name]) => name));
  expect(actionNames.filter((name) => !shown.has(name))).toEqual(['S3Download']);
});

it('its examples of what a root cannot have are refused before anything runs', () => {
  const refused = examples.filter((steps) => elsewhere.some((action) => steps.includes(`action: ${action}\n`)));
  expect(refused).toHaveLength(elsewhere.length);
  for (const steps of refused) {
    const reading = readComponentDocument(documentOf([steps]));
    expect(reading.ok && findContainerProblem(reading.document)).toMatch(/^Step \w+ of phase build/);
  }
});

it('its other examples do what they say', async () => {
  await stage.judge('useradd --system --user-group app; mkdir -p /opt/setup');
  const inner = `schemaVersion: 1.0
parameters: [{Greeting: {type: string}}]
phases: [{name: build, steps: [{name: Greet, action: ExecuteBash, inputs: {commands: ['echo {{ Greeting }}']}}]}]
`;
  await stage.root.writeFile('/opt/setup/inner.yaml', inner);
  const run = examples.filter((steps) => elsewhere.every((action) => !steps.includes(`action: ${action}\n`)));
  const { summary, output, phases } = await stage.runDocument(documentOf(run), {
    updateOperatingSystem: async () => ({ kind: 'succeeded', outputs: [] }),
    download: async ({ file }) => {
      await writeFile(file, 'tool\n');
      return { digest: createHash('sha256').update('tool\n').digest('hex') };
    },
  });
  expect(summary.split('\n').filter((line) => !line.endsWith(': Success'))).toEqual([]);
  expect(output).toContain('0 one\n1 two\n');
  expect(output).toContain('debian-12');
  expect(output).toContain('good day');
  const outputsOf = (name: string) => phases[0]?.steps.find(({ step }) => step === name)?.outputs;
  expect(outputsOf('Tool')).toEqual([{ destination: '/opt/bin/tool' }]);
  expect(outputsOf('Read')).toEqual([{ content: 'system=debian-12\narchitecture=amd64\ncolour=blue\n' }]);
  expect(outputsOf('List')).toEqual([{ files: '/srv/third/settings.conf' }]);
  expect(await stage.judge('ls /srv; stat -c "%a %U" /var/lib/app/data; readlink /var/lib/app/settings')).toBe(
    'kept\n750 app\n/etc/app/settings.conf',
  );
});
