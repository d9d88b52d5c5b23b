import { describe, expect, it } from 'vitest';
import { DockerfileError } from './dockerfile-error.ts';
import { defaultDockerfileTemplate, findComponentsProblem, readDockerfileTemplate } from './read-dockerfile.ts';
import { expandWord, type Word } from './words.ts';

const from = 'FROM {{{ imagebuilder:parentImage }}}\n';

function problemsOf(template: string) {
  try {
    readDockerfileTemplate(template);
  } catch (error) {
    if (error instanceof DockerfileError) return error.problems;
    throw error;
  }
  return [];
}

/** The steps after FROM, without their places. */
function read(text: string) {
  return readDockerfileTemplate(from + text).map(({ line: _line, column: _column, ...step }) => step);
}

const run = (text: string) => ({ kind: 'run', command: { form: 'shell', text } });
const textOf = (word: Word) => expandWord(word, new Map([['A', 'value']]));

describe('a Dockerfile template', () => {
  it('is a list of steps in order, each with its place', () => {
    const template = `# syntax=docker/dockerfile:1
ARG VERSION=1
FROM {{{ imagebuilder:parentImage }}} AS base

{{{imagebuilder:environments}}}
{{{ imagebuilder:components }}}
  RUN echo done
`;
    expect(readDockerfileTemplate(template)).toEqual([
      {
        line: 2,
        column: 1,
        kind: 'argument',
        name: 'VERSION',
        value: [{ kind: 'text', text: '1' }],
        isBeforeFrom: true,
      },
      { line: 5, column: 1, kind: 'environments' },
      { line: 6, column: 1, kind: 'components' },
      { line: 7, column: 3, ...run('echo done') },
    ]);
  });

  it('runs components where the default one says', () => {
    const steps = readDockerfileTemplate(defaultDockerfileTemplate);
    expect(steps.map(({ kind }) => kind)).toEqual(['environments', 'components']);
    expect(findComponentsProblem(steps)).toBeNull();
    expect(findComponentsProblem(readDockerfileTemplate(from))).toBe(
      'the recipe has components, and the template does not say where they run: it needs {{{ imagebuilder:environments }}} and {{{ imagebuilder:components }}}',
    );
    expect(findComponentsProblem(readDockerfileTemplate(`${from}{{{ imagebuilder:environments }}}`))).toContain(
      'it needs {{{ imagebuilder:components }}}',
    );
  });

  it('joins the lines that end in the escape character, without comments and empty lines between them', () => {
    expect(read('RUN a \\\n  # a comment\n\n  && b \\  \n  && c # no comment\n')).toEqual([
      run('a   && b   && c # no comment'),
    ]);
  });

  it('takes commands as lists and as text for the shell', () => {
    expect(
      read('RUN ["/bin/ls", "-l", "a\\tb"]\nRUN [ -f /etc/os-release ] && true\nCMD []\nENTRYPOINT exec top'),
    ).toEqual([
      { kind: 'run', command: { form: 'exec', argv: ['/bin/ls', '-l', 'a\tb'] } },
      run('[ -f /etc/os-release ] && true'),
      { kind: 'configure', setting: { name: 'command', command: { form: 'exec', argv: [] } } },
      { kind: 'configure', setting: { name: 'entrypoint', command: { form: 'shell', text: 'exec top' } } },
    ]);
  });

  it('leaves variables in commands to the shell', () => {
    expect(read('RUN echo $A "${B:-c}" \\$D')).toEqual([run('echo $A "${B:-c}" \\$D')]);
  });

  it.each<[string, [string, string][]]>([
    [
      'ENV one=1 two="a b" three=a\\ b',
      [
        ['one', '1'],
        ['two', 'a b'],
        ['three', 'a b'],
      ],
    ],
    [
      'ENV one=\'$A\' two="$A" three=${A}x',
      [
        ['one', '$A'],
        ['two', 'value'],
        ['three', 'valuex'],
      ],
    ],
    ['ENV name a value  with "quotes"', [['name', 'a value  with quotes']]],
    [
      'ENV empty= other=x',
      [
        ['empty', ''],
        ['other', 'x'],
      ],
    ],
    [
      'ENV a=1 \\\n    b=2',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ['ENV a=x=y', [['a', 'x=y']]],
    [
      'ENV price=\\$5 dollar=$',
      [
        ['price', '$5'],
        ['dollar', '$'],
      ],
    ],
    [
      'ENV a=${none:-${A}!} b=${none-x} c=${A:+set} d=${none+set}',
      [
        ['a', 'value!'],
        ['b', 'x'],
        ['c', 'set'],
        ['d', ''],
      ],
    ],
    ['ENV a="in \\"quotes\\" and \\n"', [['a', 'in "quotes" and \\n']]],
  ])('reads %j as Docker does', (text, expected) => {
    const [step] = read(text);
    const setting = step?.kind === 'configure' ? step.setting : undefined;
    const variables = setting?.name === 'environment' ? setting.variables : [];
    expect(variables.map(({ name, value }) => [textOf(name), textOf(value)])).toEqual(expected);
  });

  it('heeds the directive that chooses the escape character', () => {
    const steps = readDockerfileTemplate(`# escape=\`\n${from}ENV path=C:\\dir\` a=b\nRUN x \`\n y\n`);
    expect(steps).toHaveLength(2);
    expect(steps[1]).toMatchObject(run('x  y'));
  });

  it('takes line ends of Windows and a byte order mark', () => {
    expect(readDockerfileTemplate(`\uFEFF${from}RUN a \\\n && b\n`.replaceAll('\n', '\r\n'))).toMatchObject([
      { line: 2, ...run('a  && b') },
    ]);
  });

  it.each<[string, number, number, string]>([
    ['', 1, 1, 'there is no FROM'],
    ['# only a comment\n', 1, 1, 'there is no FROM'],
    ['FROM debian:12\n', 1, 1, 'FROM must be followed by {{{ imagebuilder:parentImage }}}'],
    ['FROM --platform=linux/arm64 {{{ imagebuilder:parentImage }}}\n', 1, 1, 'FROM takes no options'],
    [`${from}${from}`, 2, 1, 'one FROM only'],
    [`RUN a\n${from}`, 1, 1, 'FROM must come first'],
    [`${from}COPY a b\n`, 2, 1, 'a build has no context'],
    [`${from}ADD a b\n`, 2, 1, 'a build has no context'],
    [`${from}HEALTHCHECK CMD true\n`, 2, 1, 'not part of OCI images'],
    [`${from}ONBUILD RUN true\n`, 2, 1, 'not part of OCI images'],
    [`${from}MAINTAINER me\n`, 2, 1, 'LABEL'],
    [`${from}DANCE now\n`, 2, 1, 'there is no instruction "DANCE"'],
    [`${from}  {{{ imagebuilder:parent }}}\n`, 2, 3, 'there is no variable "imagebuilder:parent"'],
    [`${from}{{{ imagebuilder:parentImage }}}\n`, 2, 1, 'can stand only after FROM'],
    [`${from}{{{ imagebuilder:components }}} && true\n`, 2, 1, 'must stand on a line of its own'],
    [`${from}{{{ imagebuilder:components }}}\n{{{ imagebuilder:components }}}\n`, 3, 1, 'once only'],
    [`${from}RUN a \\\n  {{{ imagebuilder:components }}}\n`, 3, 3, 'on a line of its own'],
    [`${from}LABEL a="{{{ imagebuilder:parentImage }}}"\n`, 2, 10, 'only after FROM'],
    [`${from}RUN --mount=type=cache,target=/x true\n`, 2, 1, 'takes no options'],
    [`${from}RUN cat <<EOF\nhello\nEOF\n`, 2, 1, 'here-documents'],
    [`${from}RUN cat <<EOF\n`, 2, 1, 'here-documents'],
    [`${from}RUN\n`, 2, 1, 'RUN without'],
    [`${from}RUN []\n`, 2, 1, 'RUN without'],
    [`${from}RUN ["a", 1]\n`, 2, 1, 'a list of texts'],
    [`${from}RUN a \\\n`, 2, 1, 'nothing follows'],
    [`${from}SHELL /bin/bash\n`, 2, 1, 'SHELL takes a list'],
    [`${from}ENV a\n`, 2, 1, 'needs a value'],
    [`${from}ENV a=b c\n`, 2, 1, 'found "c"'],
    [`${from}ENV =b\n`, 2, 1, 'needs a name'],
    [`${from}ENV a="b\n`, 2, 1, 'quote'],
    [`${from}ENV a='b\n`, 2, 1, 'quote'],
    [`${from}ENV a=\${b\n`, 2, 1, 'the } that ends it'],
    [`${from}ENV a=\${b%c}\n`, 2, 1, 'followed by something else'],
    [`${from}ENV a=\${}\n`, 2, 1, 'without the name'],
    [`${from}ARG 1=2\n`, 2, 1, 'ARG needs a name'],
    [`${from}RUN a\rRUN b\n`, 2, 6, 'plain line ends'],
    [`# escape=x\n${from}`, 1, 1, 'escape character'],
    [`${from}ENV a=${'${b:-'.repeat(30)}${'}'.repeat(30)}\n`, 2, 1, 'nested more than'],
    [`${from}${'#'.repeat(70_000)}`, 1, 1, 'more than 65536 characters'],
  ])('is refused as %j', (template, line, column, message) => {
    expect(problemsOf(template)).toEqual([{ line, column, message: expect.stringContaining(message) }]);
  });

  it('says all that is wrong with it', () => {
    const template = `${from}COPY a b\n\nENV a\n`;
    expect(problemsOf(template).map(({ line }) => line)).toEqual([2, 4]);
    expect(() => readDockerfileTemplate(template)).toThrow(
      'line 2, column 1: COPY has nothing to copy from: a build has no context. Fetch files in a component or with RUN; line 4, column 1: ENV needs a value: ENV NAME=value.',
    );
    expect(() => readDockerfileTemplate(from + 'COPY a b\n'.repeat(12))).toThrow('; and 2 more.');
  });
});
