import { administrators, type Entry, operators, readers } from './permission-entry.ts';

/** Who may do what with images and their builds: as with what they are made from (permissions-for-images.ts). */
export const permissionsForBuiltImages: readonly Entry[] = [
  {
    what: 'Build an image by any recipe or import one, and say which tags it carries',
    people: administrators,
    limited: 'never',
    permissions: ['imagebuilder:CreateImage', 'patchbay:ImportImage'],
  },
  {
    what: 'Start an image pipeline as it is defined, or a build again as it was ordered',
    people: operators,
    limited: 'tagged-resource',
    permissions: ['imagebuilder:RetryImage', 'imagebuilder:StartImagePipelineExecution'],
  },
  {
    what: 'Stop builds of images, delete the records of images, and say who else may see them',
    people: administrators,
    limited: 'tagged-resource',
    permissions: ['imagebuilder:CancelImageCreation', 'imagebuilder:DeleteImage', 'imagebuilder:PutImagePolicy'],
  },
  {
    what: 'See one image: what it is, what is in it, how its build went',
    people: readers,
    limited: 'tagged-resource',
    permissions: [
      'imagebuilder:GetImage',
      'imagebuilder:GetImagePolicy',
      'imagebuilder:GetWorkflowExecution',
      'imagebuilder:GetWorkflowStepExecution',
      'imagebuilder:ListImagePackages',
      'imagebuilder:ListWorkflowExecutions',
      'imagebuilder:ListWorkflowStepExecutions',
      'patchbay:GetImageBillOfMaterials',
      'patchbay:GetImageBuildRecord',
      'patchbay:ListImageBuildLines',
      'patchbay:GetImageFreshness',
    ],
  },
  {
    what: 'List images',
    people: readers,
    limited: 'within-reach',
    permissions: [
      'imagebuilder:ListImageBuildVersions',
      'imagebuilder:ListImagePipelineImages',
      'imagebuilder:ListImageScanFindingAggregations',
      'imagebuilder:ListImageScanFindings',
      'imagebuilder:ListImages',
      'imagebuilder:ListWaitingWorkflowSteps',
      'patchbay:ListImageFreshness',
    ],
  },
  {
    what: 'See which nodes were made from an image and how they differ from it, under a limit those within it',
    people: readers,
    limited: 'tagged-resource',
    permissions: ['patchbay:ListImageNodes'],
  },
];
