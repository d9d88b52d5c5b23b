import { type Entry, operators, readers } from './permission-entry.ts';

/** Who may do what with the resources of Image Builder. Nodes have nothing to do with them. */
export const permissionsForImages: readonly Entry[] = [
  {
    what: 'Make image-builder resources and say which tags they carry, so: who else may see and change them',
    people: operators,
    limited: 'never',
    permissions: [
      'imagebuilder:CreateInfrastructureConfiguration',
      'imagebuilder:TagResource',
      'imagebuilder:UntagResource',
    ],
  },
  {
    what: 'Change and delete image-builder resources',
    people: operators,
    limited: 'tagged-resource',
    permissions: ['imagebuilder:DeleteInfrastructureConfiguration', 'imagebuilder:UpdateInfrastructureConfiguration'],
  },
  {
    what: 'See one image-builder resource and its tags',
    people: readers,
    limited: 'tagged-resource',
    permissions: ['imagebuilder:GetInfrastructureConfiguration', 'imagebuilder:ListTagsForResource'],
  },
  {
    what: 'List image-builder resources',
    people: readers,
    limited: 'within-reach',
    permissions: ['imagebuilder:ListInfrastructureConfigurations'],
  },
];
