import { Version } from '@cyclonedx/cyclonedx-library/Spec';
import { JsonStrictValidator } from '@cyclonedx/cyclonedx-library/Validation';
import { Ajv } from 'ajv';
import * as fc from 'fast-check';
import { PackageURL } from 'packageurl-js';
import { expect, it } from 'vitest';
import type { BillContents } from './bill-contents.ts';
import { billFormats } from './bill-formats.ts';
import { writeCycloneDx } from './cyclonedx.ts';
import { packageUrlOf } from './package-url.ts';
import { installedPackage, sampleContents } from './sample-contents.ts';
import { writeSpdx } from './spdx.ts';
import schema from './vectors/spdx-2.3.schema.json' with { type: 'json' };

const text = fc.oneof(
  fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{1,12}$/),
  fc.constantFrom('libstdc++6', 'gcc-12-base', '1:2.36-9+deb12u10', '0~rc1', 'i386', 'kfreebsd-amd64'),
  fc.string({ minLength: 1, maxLength: 6, unit: 'binary' }),
);
const packages = fc
  .uniqueArray(fc.tuple(text, text, text, text, text), {
    selector: ([name, architecture]) => JSON.stringify([name, architecture]),
    maxLength: 12,
  })
  .map((tuples) =>
    tuples.map(([name, architecture, version, source, sourceVersion]) =>
      installedPackage(name, version, { architecture, source, sourceVersion }),
    ),
  );
const digest = fc.oneof(
  fc.stringMatching(/^sha256:[0-9a-f]{64}$/),
  fc.stringMatching(/^sha512:[0-9a-f]{128}$/),
  fc.constant(null),
);
const optionalText = fc.oneof(text, fc.constant(''));
const contents: fc.Arbitrary<BillContents> = fc
  .record({
    subject: fc.record({ name: text, version: fc.option(text), digest }),
    system: fc.record({ id: optionalText, versionId: optionalText, prettyName: optionalText }),
    packages,
    createdAt: fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }),
    patchbayVersion: text,
  })
  .map(({ subject, system, packages: installed, createdAt, patchbayVersion }) => ({
    subject,
    operatingSystem: { ...sampleContents().operatingSystem, ...system },
    installed: { packages: installed },
    createdAt,
    patchbayVersion,
  }));

it('writes valid CycloneDX of any facts, with a reference of its own for each component', async () => {
  const validator = new JsonStrictValidator(Version.v1dot6);
  await fc.assert(
    fc.asyncProperty(contents, async (given) => {
      const written = writeCycloneDx(given);
      expect(await validator.validate(written)).toBeNull();
      const { components } = JSON.parse(written) as { components: { 'bom-ref': string; name: string }[] };
      expect(new Set(components.map((component) => component['bom-ref'])).size).toBe(components.length);
      expect(components).toHaveLength(given.installed.packages.length + 1);
    }),
  );
});

it('writes valid SPDX of any facts, with an identifier of its own for each package', () => {
  const validate = new Ajv({ strict: false }).compile(schema);
  fc.assert(
    fc.property(contents, (given) => {
      const document = JSON.parse(writeSpdx(given)) as { packages: { SPDXID: string }[] };
      validate(document);
      expect(validate.errors).toBeNull();
      const identifiers = document.packages.map(({ SPDXID }) => SPDXID);
      expect(new Set(identifiers).size).toBe(identifiers.length);
      for (const identifier of identifiers) expect(identifier).toMatch(/^SPDXRef-[A-Za-z0-9.-]+$/);
      expect(identifiers).toHaveLength(given.installed.packages.length + 2);
    }),
  );
});

it('writes the same bytes again, in whatever order the packages were read', () => {
  fc.assert(
    fc.property(contents, (given) => {
      const reversed = { packages: given.installed.packages.toReversed() };
      for (const { write } of billFormats) {
        // Of an image: the identity of a root file system is that of its facts, whose order is part of them.
        const subject = { ...given.subject, digest: `sha256:${'a'.repeat(64)}` };
        const image = { ...given, subject };
        expect(write(structuredClone(image))).toBe(write(image));
        expect(write({ ...image, installed: reversed })).toBe(write(image));
      }
    }),
  );
});

it('writes package URLs of any text so that decoding gives it back', () => {
  fc.assert(
    fc.property(text, text, text, (name, version, architecture) => {
      const url = packageUrlOf({ id: 'debian', versionId: '12' }, installedPackage(name, version, { architecture }));
      expect(url).toMatch(/^[A-Za-z0-9.\-_~%:/@?=&]+$/);
      const [, named, read, arch] = /^pkg:deb\/debian\/([^@]*)@([^?]*)\?arch=([^&]*)&distro=debian-12$/.exec(url) ?? [];
      expect(decodeURIComponent(named ?? '')).toBe(name.toWellFormed().toLowerCase());
      expect(decodeURIComponent(read ?? '')).toBe(version.toWellFormed());
      expect(decodeURIComponent(arch ?? '')).toBe(architecture.toWellFormed());
    }),
  );
});

it('writes package URLs of all that dpkg takes so that another library reads them back', () => {
  const name = fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{1,20}$/);
  const version = fc.stringMatching(/^(?:[0-9]:)?[0-9][A-Za-z0-9.+~-]{0,20}$/);
  fc.assert(
    fc.property(name, version, (given, of) => {
      const url = packageUrlOf({ id: 'debian', versionId: '12' }, installedPackage(given, of));
      const read = PackageURL.fromString(url);
      expect([read.namespace, read.name, read.version]).toEqual(['debian', given, of]);
    }),
  );
});
