import { describe, expect, it } from 'vitest';
import { bashStep, problemsOf, withSteps } from './component.test-support.ts';

const head = 'parameters: [{Name: {type: string}}]\nconstants: [{Fixed: {type: string, value: x}}]\n';
const list = '- name: list\n  action: ListFiles\n  inputs:\n    - {path: /etc, fileNamePattern: "*.conf"}';

/** What is said about a step that runs a command after a step `list`. */
function said(command: string, ...more: string[]): string {
  return problemsOf(withSteps(`${list}\n${bashStep('one', command, ...more)}`, head)).join('\n');
}

describe('a reference in a component document', () => {
  it.each([
    ['{{ Name }}{{Fixed}}{{   Name}}'],
    ['{{ build.list.inputs[0].path }}'],
    ['{{build.list.outputs.files}} {{ build.list.outputs[0].files }}'],
    ['docker ps --format "{{.Names}}" {{ json . }} ${{ github }'],
    ['{{ a.b }} {{ items.0.name }} {{}}'],
  ])('%s is taken', (command) => {
    expect(said(command)).toBe('');
  });

  it.each([
    [
      '{{ name }}',
      /commands\[0\] \(line 15, column 15\): \{\{ name \}\} is not defined; to write these braces as text/,
    ],
    ['{{ loop.index }}', /stands outside a loop: step one has none/],
    ['{{ Round.value }}', /stands outside a loop/],
    ['{{ loop.count }}', /is no reference; expected PHASE\.STEP/],
    ['{{ build.list.output.files }}', /is no reference/],
    ['{{ build.list }}', /is no reference/],
    ['{{ prepare.list.outputs.files }}', /names the phase prepare, which the document does not have/],
    ['{{ build.lists.outputs.files }}', /names the step lists, which phase build does not have/],
    ['{{ build.one.outputs.stdout }}', /refers to a step that has not run yet/],
    ['{{ build.list.outputs.stdout }}', /names an output that ListFiles does not have; it has files/],
    ['{{ build.list.inputs.path }}', /needs a number: the inputs of ListFiles are a list \(inputs\[0\]\)/],
    ['{{ build.list.inputs[1].path }}', /names an input that step list does not have/],
    ['{{ build.list.inputs[0].content }}', /names an input that step list does not have/],
    ['{{ build.list.inputs[0].constructor }}', /names an input that step list does not have/],
  ])('%s is refused with its place', (command, expected) => {
    expect(said(command)).toMatch(expected);
  });

  it('to a later step is refused', () => {
    const steps = `${bashStep('first', '{{ build.second.outputs.stdout }}')}\n${bashStep('second', 'true')}`;
    expect(problemsOf(withSteps(steps)).join()).toMatch(/refers to a step that has not run yet/);
  });

  it('goes from validate to build, but not from test to build', () => {
    const phase = (name: string) =>
      `  - name: ${name}\n    steps:\n${bashStep('later', '{{ build.one.outputs.stdout }}').replaceAll(/^/gm, '      ')}\n`;
    const build = withSteps(bashStep('one', 'true'));
    expect(problemsOf(build + phase('validate'))).toEqual([]);
    expect(problemsOf(build + phase('other'))).toEqual([]);
    expect(problemsOf(build + phase('test')).join()).toMatch(/refers from the test stage to the build stage/);
    expect(problemsOf(build + phase('container-host-test')).join()).toMatch(/refers from the test stage/);
  });

  it('to the variables of a loop is taken in the inputs of its step only', () => {
    const loop = ['loop:', '  name: Round', '  forEach: [a, b]'];
    expect(said('{{ loop.index }} {{ loop.value }} {{ Round.index }} {{Round.value}}', ...loop)).toBe('');
    expect(said('{{ Other.value }}', ...loop)).toMatch(/names a loop that step one does not have/);
    expect(said('true', 'loop:', '  forEach: ["{{ loop.index }}"]')).toMatch(/can stand only in inputs/);
    expect(said('true', ...loop, 'if: {stringEquals: a, value: "{{ loop.value }}"}')).toMatch(
      /can stand only in inputs/,
    );
  });

  it('stands in conditions and in what a loop runs over', () => {
    const command = 'echo {{ loop.value }}';
    expect(said(command, 'loop:', '  forEach: ["{{ Name }}", "{{ build.list.outputs.files }}"]')).toBe('');
    expect(said(command, 'loop:', '  forEach: {list: "{{ build.list.outputs.files }}", delimiter: "\\n"}')).toBe('');
    expect(said('true', 'if: {not: {stringEquals: x, value: "{{ build.list.outputs.files }}"}}')).toBe('');
    expect(said('true', 'if: {or: [{fileSHA256Equals: ab, path: "{{ Nam }}"}]}')).toMatch(
      /if\.or\[0\]\.path.*\{\{ Nam \}\} is not defined/,
    );
    expect(said(command, 'loop:', '  forEach: {list: "{{ Nam }}"}')).toMatch(/loop\.forEach\.list.*is not defined/);
  });

  it('to an input that changes in a loop, or is no text, is refused', () => {
    const steps = `${bashStep('one', 'true')}\n- name: files\n  action: DeleteFile\n  loop: {forEach: [a]}\n  inputs: [{path: "/{{ loop.value }}"}]`;
    const refer = (reference: string) => problemsOf(withSteps(`${steps}\n${bashStep('two', reference)}`)).join();
    expect(refer('{{ build.files.inputs[0].path }}')).toMatch(/is another in each iteration of its loop/);
    expect(refer('{{ build.one.inputs.commands }}')).toMatch(/names an input that is no text/);
    expect(refer('{{ build.one.inputs[0].commands }}')).toMatch(/counts inputs of ExecuteBash, which are no list/);
    expect(refer('{{ build.one.outputs[1].stdout }}')).toMatch(/counts outputs of ExecuteBash, which has one/);
  });
});
