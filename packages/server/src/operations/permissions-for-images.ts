import { administrators, type Entry, readers } from './permission-entry.ts';

/**
 * Who may do what with the resources of Image Builder. What a recipe says runs as root on a builder, and a recipe's tags choose
 * its baseline: that is for administrators, as scripts and tags are (decision 0010). Nodes have nothing to do with them.
 */
export const permissionsForImages: readonly Entry[] = [
  {
    what: 'Make image-builder resources and say which tags they carry, so: who else may see and change them',
    people: administrators,
    limited: 'never',
    permissions: [
      'imagebuilder:CreateComponent',
      'imagebuilder:CreateContainerRecipe',
      'imagebuilder:CreateImageRecipe',
      'imagebuilder:CreateInfrastructureConfiguration',
      'imagebuilder:ImportComponent',
      'imagebuilder:TagResource',
      'imagebuilder:UntagResource',
    ],
  },
  {
    what: 'Change and delete image-builder resources',
    people: administrators,
    limited: 'tagged-resource',
    permissions: [
      'imagebuilder:DeleteComponent',
      'imagebuilder:DeleteContainerRecipe',
      'imagebuilder:DeleteImageRecipe',
      'imagebuilder:DeleteInfrastructureConfiguration',
      'imagebuilder:PutComponentPolicy',
      'imagebuilder:PutContainerRecipePolicy',
      'imagebuilder:PutImageRecipePolicy',
      'imagebuilder:UpdateInfrastructureConfiguration',
    ],
  },
  {
    what: 'See one image-builder resource and its tags',
    people: readers,
    limited: 'tagged-resource',
    permissions: [
      'imagebuilder:GetComponent',
      'imagebuilder:GetComponentPolicy',
      'imagebuilder:GetContainerRecipe',
      'imagebuilder:GetContainerRecipePolicy',
      'imagebuilder:GetImageRecipe',
      'imagebuilder:GetImageRecipePolicy',
      'imagebuilder:GetInfrastructureConfiguration',
      'imagebuilder:ListTagsForResource',
    ],
  },
  {
    what: 'List image-builder resources',
    people: readers,
    limited: 'within-reach',
    permissions: [
      'imagebuilder:ListComponentBuildVersions',
      'imagebuilder:ListComponents',
      'imagebuilder:ListContainerRecipes',
      'imagebuilder:ListImageRecipes',
      'imagebuilder:ListInfrastructureConfigurations',
    ],
  },
];
