/**
 * Writes the constraints of AWS services (enum, length, range, pattern, required, errors) as data, from the models that
 * botocore ships under Apache-2.0. Run it at development time, after an update of botocore:
 *
 *   node tools/constraints/generate.ts <botocore folder>/data packages/aws-wire/src/constraints
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

interface ModelShape {
  readonly type: string;
  readonly required?: readonly string[];
  readonly members?: Readonly<Record<string, { readonly shape: string }>>;
  readonly member?: { readonly shape: string };
  readonly key?: { readonly shape: string };
  readonly value?: { readonly shape: string };
  readonly enum?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
}

interface Model {
  readonly metadata: { readonly apiVersion: string };
  readonly operations: Readonly<
    Record<
      string,
      { readonly input?: { readonly shape: string }; readonly errors?: readonly { readonly shape: string }[] }
    >
  >;
  readonly shapes: Readonly<Record<string, ModelShape>>;
}

/** The services whose constraints the product holds. */
const services = ['ssm', 'imagebuilder'];

const [dataFolder, targetFolder] = process.argv.slice(2);
if (dataFolder === undefined || targetFolder === undefined) {
  console.error('usage: node tools/constraints/generate.ts BOTOCORE_DATA_FOLDER TARGET_FOLDER');
  process.exit(2);
}
const versionLine = readFileSync(path.join(dataFolder, '../__init__.py'), 'utf8');
const version = /__version__ = '([^']+)'/.exec(versionLine)?.[1] ?? 'unknown';
for (const service of services) {
  const apiVersion = readdirSync(path.join(dataFolder, service)).sort().at(-1) ?? '';
  const file = path.join(dataFolder, service, apiVersion, 'service-2.json.gz');
  const model: Model = JSON.parse(gunzipSync(readFileSync(file)).toString());
  const target = path.join(targetFolder, `${service}.generated.json`);
  writeFileSync(target, renderConstraints(`botocore ${version}, ${service} ${apiVersion}`, model));
  console.log(`${target}: ${Object.keys(model.operations).length} operations`);
}

function renderConstraints(source: string, model: Model): string {
  const structures: Record<string, object> = {};
  const shapes: Record<string, object> = {};

  function visitStructure(name: string, shape: ModelShape): void {
    if (name in structures) return;
    const members: Record<string, string> = {};
    const entry = { ...(shape.required === undefined ? {} : { required: shape.required }), members };
    structures[name] = entry;
    for (const [memberName, { shape: target }] of Object.entries(shape.members ?? {})) {
      if (visitShape(target)) members[memberName] = target;
    }
  }

  /** Returns whether anything is to be said of the shape. */
  function visitShape(name: string): boolean {
    const shape = model.shapes[name];
    if (shape === undefined) throw new Error(`The model names ${name} but does not hold it`);
    if (shape.type === 'structure') {
      visitStructure(name, shape);
      return false;
    }
    const isReferenceKept = (reference: { readonly shape: string } | undefined): string | undefined =>
      reference !== undefined && visitShape(reference.shape) ? reference.shape : undefined;
    const node = {
      enum: shape.enum,
      min: shape.min,
      max: shape.max,
      pattern: shape.pattern,
      number: shape.type === 'integer' || shape.type === 'long' ? shape.type : undefined,
      element: isReferenceKept(shape.member),
      key: isReferenceKept(shape.key),
      value: isReferenceKept(shape.value),
    };
    const hasContent = Object.values(node).some((value) => value !== undefined);
    if (hasContent) shapes[name] = node;
    return hasContent;
  }

  const operations: Record<string, object> = {};
  for (const [name, operation] of Object.entries(model.operations)) {
    operations[name] = { errors: operation.errors?.map(({ shape }) => shape) };
    if (operation.input !== undefined) visitShape(operation.input.shape);
  }
  const withContent = Object.fromEntries(
    Object.entries(structures).filter(([, entry]) => JSON.stringify(entry) !== '{"members":{}}'),
  );
  const sections = Object.entries({ operations, structures: withContent, shapes }).map(
    ([section, entries]) => `"${section}": ${renderLines(entries)}`,
  );
  return `{\n"source": ${JSON.stringify(source)},\n${sections.join(',\n')}\n}\n`;
}

/** One entry a line, sorted, so that an update reads well as a difference. */
function renderLines(entries: Readonly<Record<string, object>>): string {
  const lines = Object.keys(entries)
    .sort()
    .map((name) => `${JSON.stringify(name)}: ${JSON.stringify(entries[name])}`);
  return `{\n${lines.join(',\n')}\n}`;
}
