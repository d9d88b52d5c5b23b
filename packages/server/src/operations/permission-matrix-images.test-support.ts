import type { About, Row } from './permission-matrix.test-support.ts';

function imageBuilder(name: string, allowed: string, input: Row['input']): Row {
  return { target: `imagebuilder.${name}`, allowed, input, when: 'by itself' };
}

const clientToken = 'matrix';
const configuration = ({ configurationArn }: About) => ({ infrastructureConfigurationArn: configurationArn });
const update = (about: About) => ({ ...configuration(about), instanceProfileName: 'matrix', clientToken });
const tagged = ({ configurationArn }: About) => ({ resourceArn: configurationArn });

/** Who gets through to the resources of Image Builder. W and D are limited to the tags that those of W carry. */
export const matrixForImages: readonly Row[] = [
  imageBuilder('CreateInfrastructureConfiguration', 'A', () => ({
    name: 'matrix',
    instanceProfileName: 'matrix',
    clientToken,
  })),
  imageBuilder('UpdateInfrastructureConfiguration', 'A', update),
  imageBuilder('GetInfrastructureConfiguration', 'AORW', configuration),
  imageBuilder('ListInfrastructureConfigurations', 'AORWD', () => ({})),
  imageBuilder('TagResource', 'A', (about) => ({ ...tagged(about), tags: { seen: 'yes' } })),
  imageBuilder('UntagResource', 'A', (about) => ({ ...tagged(about), tagKeys: ['seen'] })),
  imageBuilder('ListTagsForResource', 'AORW', tagged),
  imageBuilder('DeleteInfrastructureConfiguration', 'A', configuration),
];
