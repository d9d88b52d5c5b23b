import { array, assert, constantFrom, oneof, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DockerfileError } from './dockerfile-error.ts';
import { defaultDockerfileTemplate, readDockerfileTemplate } from './read-dockerfile.ts';
import { resolveDockerfile } from './resolve-dockerfile.ts';

const keywords = 'FROM RUN ENV ARG LABEL CMD ENTRYPOINT COPY SHELL USER WORKDIR EXPOSE VOLUME ONBUILD'.split(' ');
const variables = ['{{{ imagebuilder:parentImage }}}', '{{{ imagebuilder:components }}}', '{{{', '}}}'];
const spaces = [' ', '  ', '\n', '\\\n', '\\ \n', '\\', '`', '\r\n', '\t', '# escape=`\n', '# syntax=x\n', '\uFEFF'];
const values = 'a A=1 A=$A$A = " \' $ ${ ${A:- } ["a"] [ ] , 80 -- # <<EOF <<-"E" EOF'.split(' ');
const pieces = constantFrom(...keywords, ...variables, ...spaces, ...values);
const templates = oneof(
  string({ unit: 'binary' }),
  array(pieces, { maxLength: 60 }).map((parts) => parts.join('')),
  array(pieces, { maxLength: 60 }).map((parts) => `FROM {{{ imagebuilder:parentImage }}}\n${parts.join(' ')}`),
);
const base = { environment: new Map([['A', 'aaaaaaaa']]), workingDirectory: '/', user: null };

function readOrRefuse(template: string) {
  try {
    return resolveDockerfile(readDockerfileTemplate(template), base);
  } catch (error) {
    if (error instanceof DockerfileError) return error;
    throw error;
  }
}

describe('reading Dockerfile templates', () => {
  it('ends in steps or in its own error, with places that are in the text', () => {
    assert(
      property(templates, (template) => {
        const read = readOrRefuse(template);
        if (!(read instanceof DockerfileError)) return;
        expect(read.problems.length).toBeGreaterThan(0);
        const lines = template.replaceAll('\r\n', '\n').split(/\n/);
        for (const { line, column } of read.problems) {
          expect(lines.length).toBeGreaterThanOrEqual(line);
          expect((lines[line - 1]?.length ?? 0) + 1).toBeGreaterThanOrEqual(column);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('runs a text of one line just as it is', () => {
    const lines = string({ unit: 'grapheme-ascii', minLength: 1 })
      .map((text) => `x ${text}`.trimEnd())
      .filter((text) => !text.endsWith('\\') && !text.includes('<<') && !text.includes('{{{'));
    assert(
      property(lines, (line) => {
        const steps = readDockerfileTemplate(`${defaultDockerfileTemplate}RUN ${line}\nRUN after`);
        expect(steps.slice(2)).toMatchObject([
          { command: { form: 'shell', text: line } },
          { command: { form: 'shell', text: 'after' } },
        ]);
      }),
    );
  });

  it('takes no longer than a text is long', () => {
    const worst = ['\\ ', '\\\n', '{{{ ', 'RUN a\n', '$', '${A:-', '"', '# a\n', 'ENV a=b\n', '<<E ', '["a",'];
    for (const piece of worst) {
      const text = piece.repeat(16_000 / piece.length);
      const start = performance.now();
      readOrRefuse(text);
      readOrRefuse(`FROM {{{ imagebuilder:parentImage }}}\nRUN ${text}`);
      expect(performance.now() - start, JSON.stringify(piece)).toBeLessThan(2_000);
    }
  });
});
