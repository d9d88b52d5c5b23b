import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { repository } from './repository.ts';

export interface BundledPrograms {
  /** What `patchbay-agent` runs. */
  readonly agent: string;
  /** What the agent starts for each run. */
  readonly patcher: string;
}

/** Our own modules, and those that read Dockerfiles for builders: these are not ES modules, so that it cannot be seen. */
function doesNothingWhenLoaded(id: string): boolean {
  const isOwn = id.startsWith(`${repository}/packages/`) && !id.includes('/node_modules/');
  return isOwn || /\/(?:dockerfile-ast|vscode-languageserver-[a-z]+)\//.test(id);
}

/** The schemas of the operations that an agent never calls are a tenth of its memory. */
const schemaMakers = ['z', 'defineContract'];

const agentManifest = join(repository, 'packages/agent/package.json');

/** Each program as one file without imports but Node's own, so that nothing is looked up on the machine. */
export async function bundlePrograms(version: string): Promise<BundledPrograms> {
  return {
    agent: await bundle(join(repository, 'packages/agent-package/src/program/main.ts'), version),
    patcher: await bundle(join(repository, 'packages/agent/src/patcher/main.ts'), version),
  };
}

async function bundle(input: string, version: string): Promise<string> {
  const build = await rolldown({
    input,
    platform: 'node',
    cwd: repository,
    logLevel: 'silent',
    // What is loaded stays in memory on every node, so only what the program uses may come along.
    treeshake: {
      moduleSideEffects: (id) => (doesNothingWhenLoaded(id) ? false : undefined),
      manualPureFunctions: schemaMakers,
    },
    plugins: [
      {
        name: 'version-of-the-package',
        load: (id) =>
          id === agentManifest ? JSON.stringify({ ...JSON.parse(readFileSync(id, 'utf8')), version }) : undefined,
      },
    ],
  });
  try {
    const { output } = await build.generate({ format: 'esm', codeSplitting: false, minify: 'dce-only' });
    const [chunk] = output;
    return chunk.code;
  } finally {
    await build.close();
  }
}
