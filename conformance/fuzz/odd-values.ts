import * as fc from 'fast-check';

export const oddTimes = [
  '2026-11-20',
  '2026-11-20T00:00:00Z',
  '+275760-09-13T00:00:00.001Z',
  '-000001-01-01T00:00:00Z',
  '-271821-04-20T00:00:00Z',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:60Z',
  '2026-02-30T25:00:00Z',
  '+275760-09-13T00:00:00Z',
] as const;

/** What lists can be filtered by. */
export const filterKeys = [
  'InstanceIds',
  'ActivationIds',
  'PingStatus',
  'ResourceType',
  'tag:PatchGroup',
  'tag-key',
  'NAME_PREFIX',
  'OWNER',
  'OPERATING_SYSTEM',
  'PRODUCT',
  'CLASSIFICATION',
  'SEVERITY',
  'State',
  'Status',
  'InvokedAfter',
  'InvokedBefore',
  'DocumentName',
  'ExecutionStage',
  'IamRole',
  'DefaultInstanceName',
  'Name',
  'Owner',
  'KBId',
  'PlatformTypes',
  'Enabled',
  'Type',
  'OwnerInformation',
  'TaskType',
  'Priority',
  'ScheduledBefore',
  'ScheduledAfter',
] as const;

/** Texts that get past the first checks of something, and such that only look like it. */
const tellingTexts = [
  ...oddTimes,
  ...filterKeys,
  '',
  ' ',
  '0',
  'mi-00000000000000000',
  'i-00000000000000000',
  'pb-00000000000000000',
  'arn:aws:ssm:us-east-1:123456789012:patchbaseline/pb-00000000000000000',
  'arn:aws:ssm:us-east-1::patchbaseline/pb-00000000000000000',
  '00000000-0000-4000-8000-000000000000',
  `sha256:${'0'.repeat(64)}`,
  'AWS-RunPatchBaseline',
  'AWS-RunShellScript',
  '$LATEST',
  'Operation',
  'Scan',
  'constructor',
  'valueOf',
  'toString',
  'hasOwnProperty',
  '__proto__',
  '99999999999999999999',
  '-1',
  '1e400',
  'NaN',
  '150%',
  '%00',
  '%_\\',
  '{"a":',
  'null',
  '[]',
  '(a+)+$',
  '$1',
  "'; drop table nodes; --",
  '\u{1f4a5}'.repeat(70),
  'ﬁ İ ß ǅ',
  '\r\nX-Injected: 1',
  '../../etc/passwd',
  'a'.repeat(257),
  'a'.repeat(1_025),
] as const;

/** What no database stores; refused wherever it stands, so it must not stand everywhere. */
const unstorableTexts = ['\0', 'a\0b', '\ud800', '\udc00a', '\u202e\u0000\ufffe'] as const;

/** A text as a caller who means no good might send it. */
export const oddText: fc.Arbitrary<string> = fc.oneof(
  { weight: 24, arbitrary: fc.constantFrom(...tellingTexts) },
  { weight: 1, arbitrary: fc.constantFrom(...unstorableTexts) },
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('', 'a'), fc.constantFrom('ä', '\u{1f4a5}'), fc.integer({ min: 1, max: 20_000 }))
      .map(([first, unit, length]) => first + unit.repeat(length)),
  },
);

/** A number as JSON may spell it; not all of them are numbers to JavaScript. */
export const oddNumber: fc.Arbitrary<string> = fc.oneof(
  fc.integer().map(String),
  fc.integer({ min: -2, max: 400 }).map(String),
  fc.constantFrom(
    '-0',
    '0.5',
    '1e2',
    '2147483647',
    '2147483648',
    '-2147483649',
    '4294967296',
    '9007199254740991',
    '9007199254740993',
    '1e300',
    '1e999',
  ),
  fc.constantFrom(
    '253402300800',
    '-62135596801',
    '8640000000001',
    '8640000000000',
    '-8640000000000',
    '1763596800.1234567',
    '1e-400',
  ),
);

/** JSON that fits nothing. */
export const oddJson: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: oddText.map((text) => JSON.stringify(text)) },
  { weight: 4, arbitrary: oddNumber },
  { weight: 4, arbitrary: fc.constantFrom('null', 'true', 'false', '{}', '[]', '[null]', '[[]]', '{"":{}}', '""') },
  { weight: 2, arbitrary: fc.json({ maxDepth: 3 }) },
  {
    weight: 1,
    arbitrary: fc
      .record({ depth: fc.constantFrom(10, 65, 3_000, 100_000), key: fc.constantFrom('', 'And', '__proto__') })
      .map(({ depth, key }) =>
        key === '' ? '['.repeat(depth) + ']'.repeat(depth) : `${`{"${key}":`.repeat(depth)}1${'}'.repeat(depth)}`,
      ),
  },
);
