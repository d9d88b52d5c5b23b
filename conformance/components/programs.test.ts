import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTool } from '../support/run-tool.ts';
import { type ComponentStage, openComponentStage } from './component-stage.ts';

let stage: ComponentStage;

beforeAll(async () => {
  stage = await openComponentStage();
});

afterAll(async () => {
  await stage?.close();
});

/** One ExecuteBash step; `more` are its other members. */
function bash(name: string, script: string, more = ''): string {
  return `- {name: ${name}, action: ExecuteBash, ${more === '' ? '' : `${more}, `}inputs: {commands: [${JSON.stringify(script)}]}}\n`;
}

describe('a component in a root file system', () => {
  it('runs bash, makes a file of what it printed, and asserts that it is there', async () => {
    const { status, output, summary } = await stage.runSteps(`
- name: Say
  action: ExecuteBash
  inputs:
    commands:
      - words=(good day)
      - '[[ \${words[1]} == day ]] && echo "\${words[@]}"'
      - echo aside >&2
- name: Create
  action: CreateFile
  inputs:
    - path: /etc/greeting/today
      content: '{{ build.Say.outputs.stdout }}!'
- name: Check
  action: Assert
  inputs: {fileExists: /etc/greeting/today}
`);
    expect(summary).toBe('Say: Success\nCreate: Success\nCheck: Success');
    expect(status).toBe('Success');
    expect(output.split('\n').toSorted()).toEqual(['aside', 'good day']);
    expect(await stage.judge('cat /etc/greeting/today')).toBe('good day!');
  });

  it('takes the exit code of the last command for that of a script, as AWSTOE does', async () => {
    const { summary } = await stage.runSteps(`
- {name: GoesOn, action: ExecuteBash, inputs: {commands: ['false', 'true']}}
- {name: Ends, action: ExecuteBash, onFailure: Continue, inputs: {commands: ['set -e', 'false', 'true']}}
- {name: Asks, action: ExecuteBash, onFailure: Ignore, inputs: {commands: ['exit 194']}}
- {name: Killed, action: ExecuteBash, onFailure: Ignore, inputs: {commands: ['kill -9 $$']}}
- {name: Absent, action: ExecuteBinary, onFailure: Ignore, inputs: {path: /no/such}}
- {name: Binary, action: ExecuteBinary, inputs: {path: sh, arguments: [-c, 'echo "$1"; exit $2', sh, '$(id) *', '7']}}
`);
    expect(summary.split('\n')).toEqual([
      'GoesOn: Success',
      'Ends: Failed: ended with exit code 1',
      'Asks: IgnoredFailure: it asks for a reboot, and this root cannot reboot',
      'Killed: IgnoredFailure: ended with exit code 137',
      'Absent: IgnoredFailure: ended with exit code 127',
      'Binary: Failed: ended with exit code 7',
    ]);
  });

  it('sees the environment of the image, the working directory, and what an earlier step left in /tmp', async () => {
    const environment = { PATH: '.:/opt/tools:/usr/bin:/bin', LD_LIBRARY_PATH: '/opt/lib', GREETING: "a 'b'\n\\n$x " };
    await stage.judge(
      'mkdir -p /opt/tools; printf "#!/bin/sh\\necho tool" >/opt/tools/mkdir; chmod 755 /opt/tools/mkdir',
    );
    const { output, summary } = await stage.runSteps(
      bash('One', 'pwd; echo left >kept; mkdir; printf "%s|" "$GREETING" "$LD_LIBRARY_PATH" "$HOME"; touch /run/gone') +
        bash('Two', 'cat kept; ls /run/gone'),
      { environment, workingDirectory: '/tmp' },
    );
    expect(output).toContain("/tmp\ntool\na 'b'\n\\n$x |/opt/lib|/root|\nleft\n");
    expect(summary).toMatch(/^One: Success\nTwo: Failed/);
    const nowhere = await stage.runSteps(bash('One', 'true'), { workingDirectory: '/nowhere' });
    expect(nowhere.summary).toBe('One: Failed: ended with exit code 126');
  });

  it('lets no other user of the root read its scripts', async () => {
    const { output } = await stage.runSteps(
      bash('One', 'stat -c %a "$0"; setpriv --reuid 65534 --clear-groups cat "$0" 2>&1; true'),
    );
    expect(output).toMatch(/^600\ncat: .*Permission denied$/);
  });

  it('says what it cannot do without bash', async () => {
    await stage.judge('mv /bin/bash /bin/bash-away');
    const { summary } = await stage.runSteps(bash('One', 'true'));
    await stage.judge('mv /bin/bash-away /bin/bash');
    expect(summary).toBe(
      'One: Failed: there is no /bin/bash in this root, and ExecuteBash needs it: install the package bash first',
    );
  });
});

describe('conditions', () => {
  it('look at programs, files, folders, digests and packages of the root', async () => {
    await stage.judge('printf content >/srv/file; ln -s nothing /srv/dangling');
    const digest = 'ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73';
    const conditions: [text: string, holds: boolean][] = [
      ['binaryExists: dpkg', true],
      ['binaryExists: no-such', false],
      ['fileExists: /srv/file', true],
      ['fileExists: /srv', false],
      ['fileExists: /srv/dangling', false],
      ['folderExists: /srv', true],
      ['folderExists: /srv/file', false],
      [`fileSHA256Equals: ${digest.toUpperCase()}, path: /srv/file`, true],
      ['fileMD5Equals: 9a0364b9e99bb480dd25e1f0284c8555, path: /srv/file', true],
      ['fileSHA1Equals: 040f06fd774092478d450774f5ba30c5da78acc8, path: /srv/file', true],
      [`fileSHA512Equals: ${digest}, path: /srv/file`, false],
      [`fileSHA256Equals: ${digest}, path: /srv/none`, false],
      ['packageIsInstalled: dpkg', true],
      ['packageIsInstalled: no-such', false],
    ];
    const { summary } = await stage.runSteps(
      conditions
        .map(([text], index) => `- {name: C${index}, action: Assert, onFailure: Continue, inputs: {${text}}}`)
        .join('\n'),
    );
    expect(summary.split('\n')).toEqual(
      conditions.map(([, holds], index) => `C${index}: ${holds ? 'Success' : 'Failed: what it asserts is not so'}`),
    );
  });

  it('that cannot be answered fail the step', async () => {
    const { summary } = await stage.runSteps(`
- {name: Pattern, action: Assert, onFailure: Continue, inputs: {packageIsInstalled: 'dp*'}}
- {name: Device, action: Assert, onFailure: Continue, inputs: {fileMD5Equals: ab, path: /dev/zero}}
`);
    expect(summary).toBe(
      'Pattern: Failed: "dp*" is not the name of a package\nDevice: Failed: it cannot be told: /dev/zero is no regular file',
    );
  });

  it('decide what runs, with loops, attempts and onFailure', async () => {
    const { output, summary, status } = await stage.runSteps(`
- {name: Skipped, action: ExecuteBash, if: {binaryExists: yum}, inputs: {commands: [echo never]}}
- {name: Loop, action: ExecuteBash, loop: {forEach: [a, b, c]}, onFailure: Ignore,
   inputs: {commands: ['echo {{ loop.index }}{{ loop.value }}; test {{ loop.value }} != b']}}
- {name: Again, action: ExecuteBash, maxAttempts: 3, inputs: {commands: ['echo x >>tries; test $(wc -l <tries) = 2']}}
- {name: Stops, action: ExecuteBash, inputs: {commands: ['exit 1']}}
- {name: Never, action: ExecuteBash, inputs: {commands: ['echo never']}}
`);
    expect(output).toBe('0a\n1b\n2c');
    expect(status).toBe('Failed');
    expect(summary.split('\n')).toEqual([
      'Skipped: Skipped',
      'Loop: IgnoredFailure: iteration 1 failed: ended with exit code 1',
      'Again: Success',
      'Stops: Failed: ended with exit code 1',
    ]);
  });
});

describe('a step that does not end', () => {
  const tree = (seconds: number) => `setsid nohup sleep ${seconds} >/dev/null 2>&1 & sleep ${seconds} &`;
  const whatIsLeft = async (seconds: number) => {
    expect(readdirSync(stage.machine.workDirectory.outside)).toEqual([]);
    return (await runTool(['ps', '-eo', 'args'])).includes(`sleep ${seconds}`);
  };

  it('in the time that all iterations have together is ended with all it started', async () => {
    const script = `${tree(4141)} [ {{ loop.index }} = 0 ] && sleep 0.6 || sleep 4141`;
    const steps = bash('Sleeps', script, 'timeoutSeconds: 1, loop: {forEach: [a, b, c]}');
    expect((await stage.runSteps(steps)).summary).toBe('Sleeps: Failed: its loop timed out after 1 seconds');
    expect(await whatIsLeft(4141)).toBe(false);
  });

  it('is ended with all it started when the run is stopped, and nothing runs after it', async () => {
    const stop = new AbortController();
    const running = stage.runSteps(bash('Sleeps', `${tree(4142)} echo on; wait`) + bash('Next', 'touch /srv/next'), {
      signal: stop.signal,
      onLine: ({ text }) => {
        if (text === 'on') stop.abort();
      },
    });
    await expect(running).rejects.toMatchObject({ code: 'STOPPED' });
    expect(await whatIsLeft(4142)).toBe(false);
    expect(await stage.judge('ls /srv/next 2>&1')).toContain('No such file');
    await expect(stage.runSteps(bash('Never', 'true'), { signal: stop.signal })).rejects.toMatchObject({
      code: 'STOPPED',
    });
  });

  it('and prints for ever fills neither memory nor log', async () => {
    const started = process.memoryUsage().rss;
    const { summary, lines } = await stage.runSteps(bash('Prints', 'yes | tr -d "\\n"', 'timeoutSeconds: 1'));
    expect(summary).toBe('Prints: Failed: timed out after 1 seconds');
    const characters = lines.reduce((sum, { text }) => sum + text.length, 0);
    expect(characters).toBeGreaterThan(4_000_000);
    expect(characters).toBeLessThan(4_300_000);
    expect(process.memoryUsage().rss - started).toBeLessThan(200_000_000);
  });

  it('gives no output to refer to when part of it was dropped', async () => {
    const { summary } = await stage.runSteps(
      bash('Prints', 'head -c 5000000 /dev/zero | tr "\\0" x') + bash('Uses', 'echo {{ build.Prints.outputs.stdout }}'),
    );
    expect(summary).toBe(
      'Prints: Success\nUses: Failed: {{ build.Prints.outputs.stdout }} has no value: step Prints of phase build gave none',
    );
  });
});

describe('ExecuteDocument', () => {
  const inner = (steps: string) =>
    `schemaVersion: 1.0\nparameters: [{Name: {type: string}}]\nphases:\n  - {name: build, steps: [${steps}]}\n  - {name: test, steps: [{name: T, action: ExecuteBash, inputs: {commands: [echo tested]}}]}\n`;

  it('runs a document of the root, or a component that is fetched', async () => {
    await stage.root.writeFile(
      '/srv/inner.yaml',
      inner("{name: I, action: ExecuteBash, inputs: {commands: ['echo {{ Name }}']}}"),
    );
    const arn = 'arn:aws:imagebuilder:us-east-1:123456789012:component/inner/x.x.x';
    const asked: string[] = [];
    const { output, summary, lines } = await stage.runSteps(
      `
- {name: Path, action: ExecuteDocument, inputs: {document: /srv/inner.yaml, phases: build, parameters: [{name: Name, value: one}]}}
- {name: Arn, action: ExecuteDocument, inputs: {document: '${arn}', parameters: [{name: Name, value: two}]}}
`,
      {
        fetchComponent: async (asking) => {
          asked.push(asking);
          return { ok: true, text: inner('{name: F, action: ExecuteBash, inputs: {commands: ["echo fetched"]}}') };
        },
      },
    );
    expect(output).toBe('one\nfetched\ntested');
    expect(summary).toBe('Path: Success\nArn: Success');
    expect(asked).toEqual([arn]);
    expect(lines.map(({ step }) => step)).toContain('Path/I');
  });

  it('fails for what is no document, lacks a value or a phase, nests deeper, or fails itself', async () => {
    await stage.root.writeFile('/srv/bad.yaml', 'schemaVersion: 1.0\n');
    await stage.root.writeFile(
      '/srv/deep.yaml',
      inner('{name: I, action: ExecuteDocument, inputs: {document: /srv/deep.yaml}}'),
    );
    const run = (inputs: string) => `- {name: X, action: ExecuteDocument, onFailure: Continue, inputs: {${inputs}}}`;
    const summaryOf = async (inputs: string) => (await stage.runSteps(run(inputs))).summary;
    const given = 'parameters: [{name: Name, value: x}]';
    expect(await summaryOf('document: /srv/bad.yaml')).toContain('/srv/bad.yaml is no component document: phases');
    expect(await summaryOf('document: /srv/none.yaml')).toContain('/srv/none.yaml does not exist');
    expect(await summaryOf('document: /srv/deep.yaml')).toContain('needs a value for Name');
    expect(await summaryOf(`document: /srv/deep.yaml, phases: 'build,none', ${given}`)).toContain('has no phase none');
    expect(await summaryOf(`document: /srv/deep.yaml, ${given}`)).toContain('cannot use ExecuteDocument itself');
    expect(await summaryOf('document: s3://bucket/key.yaml')).toContain('there is no S3 here');
  });
});

describe('UpdateOS', () => {
  it('is done by who runs the component', async () => {
    const asked: unknown[] = [];
    const { summary, output } = await stage.runSteps(
      '- {name: U, action: UpdateOS, inputs: {include: [bash], exclude: [dash]}}',
      {
        updateOperatingSystem: async ({ include, exclude, report }) => {
          asked.push([include, exclude]);
          report('bash 1 -> 2');
          return { kind: 'succeeded', outputs: [] };
        },
      },
    );
    expect([summary, output, asked]).toEqual(['U: Success', 'bash 1 -> 2', [[['bash'], ['dash']]]]);
  });
});
