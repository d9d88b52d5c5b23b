import { GetImageBillOfMaterials, GetImageBuildRecord, ImportImage } from '@patchbay/contracts';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  availableOf,
  completeAs,
  createImageOf,
  digestOf,
  enrolBuilder,
  readImage,
  submitImageFacts,
  takeBuildOf,
  takeOrder,
} from '../../aws/imagebuilder/images/images.test-support.ts';
import { createParts } from '../../aws/imagebuilder/pipelines/pipelines.test-support.ts';
import { addContainerRecipe } from '../../aws/imagebuilder/recipes/recipes.test-support.ts';
import type { TestNode } from '../../test-support/test-node.ts';
import { callPatchbay } from '../../test-support/test-people.ts';
import { withTestServer } from '../../test-support/test-server.ts';

const reference = 'registry.example:5000/team/legacy:7';

describe('importing an image', () => {
  const server = withTestServer();
  let builder: TestNode;

  beforeAll(async () => {
    builder = await enrolBuilder(server());
  });

  const importOf = async (input: object = {}) =>
    (await callPatchbay(server(), ImportImage, { name: 'Legacy app', semanticVersion: '7.0.0', reference, ...input }))
      .imageBuildVersionArn;

  it('lets a builder look into it, and keeps what is there', async () => {
    const client = server().createImageBuilderClient();
    const arn = await importOf({ tags: { PatchGroup: 'legacy', 'patchbay:allowed-hosts': 'deb.example' } });
    expect(arn).toBe(`arn:aws:imagebuilder:us-east-1:${server().accountId}:image/legacy-app/7.0.0/1`);
    const order = await takeBuildOf(builder);
    expect(order).toEqual({
      kind: 'import',
      imageId: order.imageId,
      leaseId: order.leaseId,
      imageBuildVersionArn: arn,
      name: 'Legacy app',
      version: '7.0.0/1',
      reference,
      region: 'us-east-1',
      timeoutSeconds: 3600,
      allowedHosts: ['deb.example'],
    });
    const outcome = availableOf(await submitImageFacts(builder, order));
    const parent = { reference, digest: digestOf('d'), version: null };
    const record = { ...outcome.record, digest: parent.digest, parent };
    await completeAs(builder, order, {
      ...outcome,
      record,
      containers: [{ region: 'us-east-1', imageUris: [reference] }],
    });
    const image = await readImage(client, arn);
    expect(image).toMatchObject({
      buildType: 'IMPORT',
      imageSource: 'IMPORTED',
      state: { status: 'AVAILABLE' },
      outputResources: { containers: [{ region: 'us-east-1', imageUris: [reference] }] },
      tags: { PatchGroup: 'legacy', 'patchbay:allowed-hosts': 'deb.example' },
    });
    expect(image).not.toHaveProperty('containerRecipe');
    expect(await callPatchbay(server(), GetImageBuildRecord, { imageBuildVersionArn: arn })).toMatchObject({
      containerRecipeArn: null,
      components: [],
      patchGroup: 'legacy',
      record: { parent },
    });
    const bill = await callPatchbay(server(), GetImageBillOfMaterials, { imageBuildVersionArn: arn });
    expect(bill.content).toContain('openssl');

    const { infrastructureConfigurationArn } = await createParts(client, 'upon');
    const parentImage = arn.replace('7.0.0/1', 'x.x.x');
    const containerRecipeArn = await addContainerRecipe(client, { name: 'upon-legacy', parentImage });
    await createImageOf(client, { containerRecipeArn, infrastructureConfigurationArn });
    expect(await takeBuildOf(builder)).toMatchObject({
      kind: 'build',
      parent: { reference: `registry.example:5000/team/legacy@${digestOf('d')}` },
    });
  });

  it('gives the next build to the same version', async () => {
    expect(await importOf()).toMatch(/legacy-app\/7\.0\.0\/2$/);
    expect(await importOf({ semanticVersion: '7.0.1', reference: `debian@${digestOf('e')}` })).toMatch(/7\.0\.1\/1$/);
    await takeBuildOf(builder);
    await takeBuildOf(builder);
  });

  it('refuses what is no image in a registry, and what is no version', async () => {
    for (const wrong of ['oci:/etc', '/etc', 'docker://debian:12', '../debian', '']) {
      await expect(importOf({ reference: wrong })).rejects.toMatchObject({ code: 'InvalidParameterValueException' });
    }
    for (const semanticVersion of ['1.x.x', '1.0', 'latest']) {
      await expect(importOf({ semanticVersion })).rejects.toMatchObject({ code: 'InvalidVersionNumberException' });
    }
    await expect(importOf({ name: '/' })).rejects.toMatchObject({ code: 'ValidationException' });
    expect(await takeOrder(builder)).toBeNull();
  });
});
