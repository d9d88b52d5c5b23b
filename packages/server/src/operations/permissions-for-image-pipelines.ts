import { administrators, type Entry, readers } from './permission-entry.ts';

/**
 * Who may do what with distribution configurations and pipelines of Image Builder: by the same rules as with its other
 * resources (permissions-for-images.ts). Where images go, and what is built without anybody asking, is for administrators.
 */
export const permissionsForImagePipelines: readonly Entry[] = [
  {
    what: 'Make image-builder resources and say which tags they carry, so: who else may see and change them',
    people: administrators,
    limited: 'never',
    permissions: ['imagebuilder:CreateDistributionConfiguration', 'imagebuilder:CreateImagePipeline'],
  },
  {
    what: 'Change and delete image-builder resources',
    people: administrators,
    limited: 'tagged-resource',
    permissions: [
      'imagebuilder:DeleteDistributionConfiguration',
      'imagebuilder:DeleteImagePipeline',
      'imagebuilder:UpdateDistributionConfiguration',
      'imagebuilder:UpdateImagePipeline',
    ],
  },
  {
    what: 'See one image-builder resource and its tags',
    people: readers,
    limited: 'tagged-resource',
    permissions: ['imagebuilder:GetDistributionConfiguration', 'imagebuilder:GetImagePipeline'],
  },
  {
    what: 'See what an image pipeline decided at the times of its schedule',
    people: readers,
    limited: 'tagged-resource',
    permissions: ['patchbay:ListImagePipelineRuns'],
  },
  {
    what: 'List image-builder resources',
    people: readers,
    limited: 'within-reach',
    permissions: ['imagebuilder:ListDistributionConfigurations', 'imagebuilder:ListImagePipelines'],
  },
];
