import { describe, expect, it } from 'vitest';
import { describeDocumentProblem, readDocumentText } from './document-text.ts';
import { findUnguardedParameters, pluginPlatforms } from './document-traits.ts';

const yaml = `schemaVersion: '2.2'
parameters:
  name:
    type: String
mainSteps:
  - action: aws:runShellScript
    name: one
    inputs:
      runCommand: [echo {{ name }}]
  - action: aws:runShellScript
    name: two
    inputs:
      timeoutSeconds: 60
      runCommand:
        - echo "{{ name }}"
`.replace('[echo {{ name }}]', '["echo {{ name }}"]');

function problemsOf(text: string, format: 'JSON' | 'YAML' = 'YAML'): string[] {
  const reading = readDocumentText(text, format);
  return reading.ok ? [] : reading.problems.map(describeDocumentProblem);
}

describe('the text of a document', () => {
  it('is read in YAML as in JSON', () => {
    const read = readDocumentText(yaml, 'YAML');
    if (!read.ok) throw new Error('refused');
    expect(read.document.mainSteps[1]?.inputs).toEqual({ timeoutSeconds: 60, runCommand: ['echo "{{ name }}"'] });
    const again = readDocumentText(JSON.stringify(read.value), 'JSON');
    expect(again.ok && again.document).toEqual(read.document);
  });

  it.each<[string, string, string, RegExp]>([
    [
      'a list where a text is wanted',
      'name: two',
      'name: [two]',
      /^mainSteps\[1\]\.name \(line 11, column 11\): .*string/,
    ],
    [
      'a script that is a number',
      '- echo "{{ name }}"',
      '- 7',
      /^mainSteps\[1\]\.inputs\.runCommand \(line 15, column 9\): expected a text or a list of texts$/,
    ],
    [
      'no script',
      'runCommand: [',
      'command: [',
      /^mainSteps\[0\]\.inputs\.runCommand \(line 9, column 7\): expected a text/,
    ],
    [
      'a time limit of no time',
      'timeoutSeconds: 60',
      'timeoutSeconds: 0',
      /timeoutSeconds \(line 13, column 23\): .*1 to 172800/,
    ],
    [
      'a plugin that does not exist',
      'action: aws:runShellScript\n    name: two',
      'action: aws:runShell\n    name: two',
      /action \(line 10.*no plugin aws:runShell;/,
    ],
    ['a member that does not exist', 'parameters:', 'parameter:', /^parameter \(line 3, column 3\): unknown member/],
    [
      'a member of a step that does not exist',
      'name: two',
      'name: two\n    onFailure: exit',
      /^mainSteps\[1\]\.onFailure \(line 12, column 16\): unknown member/,
    ],
    ['a parameter of no type', 'type: String', 'type: Text', /^parameters\.name\.type \(line 4, column 11\)/],
    ['a parameter with a member that does not exist', 'type: String', '{ type: String, pattern: x }', /./],
    [
      'a step name used twice',
      'name: two',
      'name: one',
      /^mainSteps\[1\]\.name \(line 11, column 11\): step name one is used twice$/,
    ],
    [
      'a step name that is none',
      'name: two',
      'name: "two steps"',
      /^mainSteps\[1\]\.name \(line 11, column 11\): expected 1 to 128/,
    ],
    ['no steps at all', yaml.slice(yaml.indexOf('mainSteps')), '', /^mainSteps \(line 1, column 1\)/],
    ['another schema', "'2.2'", "'0.3'", /^schemaVersion \(line 1, column 16\): expected "2\.2".* found "0\.3"$/],
    ['no schema', "schemaVersion: '2.2'", 'x: 1', /^schemaVersion \(line 1, column 1\): .* found nothing$/],
    [
      'a key given twice as number and text',
      'timeoutSeconds: 60',
      'x: { 1: a, "1": b }',
      /line 13, .*keys must be unique/,
    ],
    [
      'a value of a tag that JSON does not have',
      'timeoutSeconds: 60',
      'x: !!set { a, b }',
      /line 13, .*well-formed YAML: .*set/,
    ],
    ['a tag of another program', 'timeoutSeconds: 60', 'x: !Ref a', /line 13, .*well-formed YAML: .*!Ref/],
    [
      'a date of YAML 1.1',
      "schemaVersion: '2.2'",
      '%YAML 1.1\n---\nschemaVersion: !!timestamp 2026-01-01',
      /well-formed YAML/,
    ],
    ['a key that is no text', 'timeoutSeconds: 60', 'x: { [a]: b }', /line 13, .*keys must be texts/],
    ['a line that is no YAML', 'name: two', 'name: "two', /^line \d+, column \d+|not well-formed YAML/],
    [
      'a key given twice',
      'name: two',
      'name: two\n    name: three',
      /line 12, column 5.*as YAML: map keys must be unique/,
    ],
  ])('says where it has %s', (_title, before, after, message) => {
    expect(yaml).toContain(before);
    expect(problemsOf(yaml.replace(before, () => after))[0]).toMatch(message);
  });

  it('says where JSON is broken', () => {
    expect(problemsOf('{"schemaVersion": "2.2",\n "mainSteps": [}', 'JSON')).toEqual([
      expect.stringMatching(
        /^line 2, column 16: the content is not well-formed JSON: did not expect "\}"; .* DocumentFormat YAML$/,
      ),
    ]);
    expect(problemsOf(yaml, 'JSON')[0]).toMatch(/^line 1, column 1: the content is not well-formed JSON/);
    for (const [text, place] of [
      ['{"schemaVersion": "2.2"', /column 24: .*too early/],
      ['{"a": 1,}', /column 9/],
      ['{"a" 1}', /column 6/],
      ['{"a": [1, 2}', /column 12/],
      ['{"a": "\\q"}', /column 7/],
      ['{} {}', /column 4/],
      ["{'a': 1}", /column 2/],
      ['{"a": 01}', /column 8/],
      ['', /too early/],
    ] as const) {
      expect(problemsOf(text, 'JSON')[0]).toMatch(place);
    }
    expect(problemsOf('{"schemaVersion": "2.2", "schemaVersion": "2.2"}', 'JSON')[0]).toMatch(/unique/);
  });

  it.each(['', '[]', '"text"', 'null', '5'])('is no document when it is %j', (text) => {
    expect(problemsOf(text)).not.toEqual([]);
    expect(problemsOf(text, 'JSON')).not.toEqual([]);
  });

  it('may refer to its own parts', () => {
    const shared = yaml
      .replace('["echo {{ name }}"]', '&script ["echo {{ name }}"]')
      .replace(/runCommand:\n.*\n$/, 'runCommand: *script\n');
    const read = readDocumentText(shared, 'YAML');
    expect(read.ok && read.document.mainSteps.map(({ inputs }) => inputs['runCommand'])).toEqual([
      ['echo {{ name }}'],
      ['echo {{ name }}'],
    ]);
  });

  it('cannot grow without end by references to itself', () => {
    const inputs = (members: string) => yaml.replace(/runCommand:\n.*\n$/, `runCommand: [x]\n${members}`);
    expect(problemsOf(inputs('      a: [x]\n'))).toEqual([]);
    const bomb = 'bcdefghijk'.replaceAll(/./g, (name) => {
      const before = String.fromCodePoint((name.codePointAt(0) ?? 0) - 1);
      return `      ${name}: &${name} [${Array.from({ length: 10 }, () => `*${before}`).join(', ')}]\n`;
    });
    const tooLong = /^the content has more than 262144 characters once its aliases are written out$/;
    expect(problemsOf(inputs(`      a: &a [x, x]\n${bomb}`))).toEqual([expect.stringMatching(tooLong)]);
    const long = `      a: &a ${'x'.repeat(60_000)}\n      b: [${'*a, '.repeat(90)}]\n`;
    expect(problemsOf(inputs(long))).toEqual([expect.stringMatching(tooLong)]);
    expect(problemsOf(inputs('      a: &a\n        b: *a\n'))).toEqual([expect.stringMatching(tooLong)]);
    const chain = Array.from({ length: 60 }, (_, at) => `      a${at}: &a${at} [[${at === 0 ? '' : `*a${at - 1}`}]]\n`);
    expect(problemsOf(inputs(chain.join('')))).toEqual([expect.stringMatching(/nested more than 100 deep once/)]);
  });

  it('is read in short time with very many references', () => {
    const begin = performance.now();
    const empty = `x: &x [[], []]\ny: &y [${'*x,'.repeat(499)}]\nz: [${'*y,'.repeat(500)}]`;
    const doubled = Array.from(
      { length: 800 },
      (_, at) => `a${at}: &a${at} [${`*a${at - 1},`.repeat(at === 0 ? 0 : 2)}]`,
    );
    for (const text of [empty, doubled.join('\n')]) {
      expect(problemsOf(text)).toEqual([expect.stringMatching(/aliases/)]);
    }
    expect(problemsOf(`a: &a x\nb: [${'*a,'.repeat(20_000)}]`)).toEqual([
      expect.stringMatching(/^line 2, column 3005: .*: more than 1000 aliases$/),
    ]);
    expect(performance.now() - begin).toBeLessThan(3000);
  });

  it('may have a schema version without quotes, and be of 2.0', () => {
    expect(readDocumentText(yaml.replace("'2.2'", '2.2'), 'YAML')).toMatchObject({ ok: true, schemaVersion: '2.2' });
    expect(readDocumentText(yaml.replace("'2.2'", '2.0'), 'YAML')).toMatchObject({
      ok: true,
      schemaVersion: '2.0',
      document: { schemaVersion: '2.2' },
    });
    for (const version of ['2.16', '2.24', '1.24', '2.04', '3']) {
      expect(problemsOf(yaml.replace("'2.2'", version))).toEqual([
        expect.stringMatching(new RegExp(`^schemaVersion .* found ${version.replace('.', '\\.')}$`)),
      ]);
    }
  });
});

describe('a document of schema 1.2', () => {
  const old = (properties: unknown, plugin = 'aws:runShellScript') =>
    JSON.stringify(
      {
        schemaVersion: '1.2',
        description: 'Old',
        parameters: { commands: { type: 'StringList' } },
        runtimeConfig: { [plugin]: { properties } },
      },
      null,
      1,
    );

  it('becomes one of 2.2', () => {
    const read = readDocumentText(
      old([{ id: '0.aws:runShellScript', runCommand: '{{ commands }}', timeoutSeconds: '60' }]),
      'JSON',
    );
    expect(read).toMatchObject({
      ok: true,
      schemaVersion: '1.2',
      document: {
        schemaVersion: '2.2',
        description: 'Old',
        mainSteps: [
          {
            action: 'aws:runShellScript',
            name: 'aws:runShellScript',
            inputs: { runCommand: '{{ commands }}', timeoutSeconds: '60' },
          },
        ],
      },
    });
  });

  it('has a step for each of its properties, with the older name of runCommand', () => {
    const read = readDocumentText(old([{ id: 'first', commands: ['a'] }, { commands: ['b'] }]), 'JSON');
    expect(read.ok && read.document.mainSteps.map(({ name, inputs }) => [name, inputs['runCommand']])).toEqual([
      ['first', ['a']],
      ['1.aws:runShellScript', ['b']],
    ]);
  });

  it('says where it is wrong in its own words', () => {
    expect(problemsOf(old([{ id: 'a', commands: 7 }]), 'JSON')).toEqual([
      expect.stringMatching(
        /^runtimeConfig\.aws:runShellScript\.properties\[0\]\.commands \(line 14, column \d+\): expected a text or a list of texts$/,
      ),
    ]);
    expect(problemsOf(old('text'), 'JSON')[0]).toMatch(/^runtimeConfig\.aws:runShellScript\.properties \(line/);
    expect(problemsOf('{"schemaVersion":"1.2"}', 'JSON')[0]).toMatch(/^runtimeConfig/);
    expect(problemsOf('{"schemaVersion":"1.2","runtimeConfig":{}}', 'JSON')[0]).toMatch(/^runtimeConfig/);
  });
});

describe('what a document says of itself', () => {
  const read = (text: string) => {
    const reading = readDocumentText(text, 'YAML');
    if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
    return reading.document;
  };

  it('warns of parameters that reach a script unchecked', () => {
    expect(findUnguardedParameters(read(yaml))).toHaveLength(2);
    for (const guard of ['allowedPattern: "^a$"', 'allowedValues: [a]', 'interpolationType: ENV_VAR']) {
      expect(findUnguardedParameters(read(yaml.replace('type: String', `type: String\n    ${guard}`)))).toEqual([]);
    }
    expect(findUnguardedParameters(read(yaml.replace('type: String', 'type: Integer')))).toEqual([]);
    const forWindows = read(yaml.replaceAll('aws:runShellScript', 'aws:runPowerShellScript'));
    expect(findUnguardedParameters(forWindows)).toHaveLength(2);
    const whole = yaml.replaceAll(/"echo \{\{ name \}\}"/g, '"{{ name }}"').replace('echo "{{ name }}"', 'echo');
    expect(findUnguardedParameters(read(whole))).toEqual([]);
  });

  it('runs where its plugins do', () => {
    expect(pluginPlatforms(read(yaml))).toEqual(['Linux', 'MacOS']);
    expect(pluginPlatforms(read(yaml.replaceAll('aws:runShellScript', 'aws:psModule')))).toEqual(['Windows']);
  });
});
