import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { services } from '../packages/server/src/app.ts';

/** The READMEs that carry a table of operations, and the target prefix or signing name of the service each is about. */
const readmes: Readonly<Record<string, string>> = {
  AmazonSSM: '../packages/server/src/aws/ssm/README.md',
  EC2WindowsMessageDeliveryService: '../packages/server/src/aws/ec2messages/README.md',
  imagebuilder: '../packages/server/src/aws/imagebuilder/README.md',
  Patchbay: '../packages/server/src/patchbay/README.md',
};
const begin = '<!-- operations: written by tools/coverage.ts -->';
const end = '<!-- end of operations -->';

function table(targetPrefix: string): string {
  const service = services.find((each) => each.targetPrefix === targetPrefix);
  const operations = [...(service?.operations.values() ?? [])].sort((left, right) => (left.name < right.name ? -1 : 1));
  const supported = operations.filter((each) => each.support === 'supported');
  const rest = operations.filter((each) => each.support === 'unsupported');
  const rows = supported.map((each) => {
    const { authentication = 'signature', isAudited = true } = each.implementation?.definition ?? {};
    return `| ${each.name} | ${authentication} | ${isAudited ? 'yes' : 'no'} |`;
  });
  const lines = [
    `${supported.length} of ${operations.length} operations are supported.`,
    '',
    '| operation | authentication | audited |',
    '| --- | --- | --- |',
    ...rows,
  ];
  if (rest.length > 0) {
    lines.push('', `Answered with UnknownOperationException: ${rest.map((each) => each.name).join(', ')}.`);
  }
  return lines.join('\n');
}

function withTable(text: string, targetPrefix: string): string {
  const before = text.slice(0, text.indexOf(begin) + begin.length);
  return `${before}\n\n${table(targetPrefix)}\n\n${text.slice(text.indexOf(end))}`;
}

/** READMEs whose table does not say what the registry says. */
export function staleReadmes(): string[] {
  return Object.entries(readmes)
    .filter(([targetPrefix, path]) => {
      const text = readFileSync(new URL(path, import.meta.url), 'utf8');
      return text !== withTable(text, targetPrefix);
    })
    .map(([, path]) => path);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [targetPrefix, path] of Object.entries(readmes)) {
    const url = new URL(path, import.meta.url);
    writeFileSync(url, withTable(readFileSync(url, 'utf8'), targetPrefix));
  }
}
