import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Which of our packages each of our packages may import (ARCHITECTURE.md, "Which way imports run"). */
export const allowedImports: Readonly<Record<string, readonly string[]>> = {
  facts: [],
  versioning: [],
  'package-managers': ['facts', 'versioning'],
  patching: ['facts', 'versioning'],
  contracts: ['facts'],
  sbom: ['facts'],
  'aws-wire': [],
  agent: ['facts', 'versioning', 'package-managers', 'patching', 'contracts', 'sbom', 'aws-wire/signing'],
  server: ['facts', 'versioning', 'package-managers', 'patching', 'contracts', 'sbom', 'aws-wire'],
  'agent-package': ['agent', 'facts'],
  cli: ['agent', 'agent-package', 'server', 'contracts', 'facts', 'sbom', 'aws-wire/signing'],
};

/** Packages without input and output: no Node module but the hash functions, no clock, no randomness. */
export const purePackages: readonly string[] = [
  'facts',
  'versioning',
  'package-managers',
  'patching',
  'contracts',
  'sbom',
];

const configUrl = new URL('../.oxlintrc.json', import.meta.url);
const mark = 'boundary:';

function entryPoints(name: string): string[] {
  const manifest = JSON.parse(readFileSync(new URL(`../packages/${name}/package.json`, import.meta.url), 'utf8')) as {
    exports: Record<string, string>;
  };
  return Object.keys(manifest.exports).map((entry) => `@patchbay/${name}${entry.slice(1)}`);
}

function isAllowed(specifier: string, name: string): boolean {
  return (allowedImports[name] ?? []).some(
    (allowed) => specifier === `@patchbay/${allowed}` || specifier.startsWith(`@patchbay/${allowed}/`),
  );
}

/** The rule overrides of the linter, one per package. */
export function boundaryOverrides(): object[] {
  const everyEntry = Object.keys(allowedImports).flatMap(entryPoints);
  return Object.keys(allowedImports).map((name) => {
    const isPure = purePackages.includes(name);
    return {
      files: [`packages/${name}/src/**/*.ts`],
      excludeFiles: isPure ? ['**/*.test.ts', '**/*.test-support.ts'] : [],
      rules: {
        'eslint/no-restricted-imports': [
          'error',
          {
            paths: everyEntry
              .filter((specifier) => !specifier.startsWith(`@patchbay/${name}`) && !isAllowed(specifier, name))
              .map((specifier) => ({ name: specifier, message: `${mark} ${name} may not import ${specifier}` })),
            patterns: isPure
              ? [{ group: ['node:*', '!node:crypto'], message: `${mark} ${name} is pure: no input, no output` }]
              : [],
          },
        ],
      },
    };
  });
}

function withOverrides(text: string): string {
  const config = JSON.parse(text) as { overrides: { rules: Record<string, unknown> }[] };
  const kept = config.overrides.filter(
    (entry) => !JSON.stringify(entry).includes(mark) && !('eslint/no-restricted-imports' in entry.rules),
  );
  return `${JSON.stringify({ ...config, overrides: [...kept, ...boundaryOverrides()] }, null, 2)}\n`;
}

/** True when the linter's configuration says what the table says. */
export function isConfigurationCurrent(): boolean {
  const text = readFileSync(configUrl, 'utf8');
  return JSON.stringify(JSON.parse(text)) === JSON.stringify(JSON.parse(withOverrides(text)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(configUrl, withOverrides(readFileSync(configUrl, 'utf8')));
}
