import { AppError } from '@patchbay/facts';
import { quoted } from '../../schedules/schedule-error.ts';
import {
  exactVersion,
  formatVersionPattern,
  parseVersionPattern,
  SemanticVersionError,
  type VersionPattern,
} from '../versions/semantic-version.ts';

/** An ARN or a name that cannot be one of Image Builder's; the message says why. */
export class ImageBuilderArnError extends AppError<'INVALID_ARN' | 'INVALID_NAME'> {}

/** What the ARN of a type can hold: a version and a build number, only a version, or neither. */
type Versioning = 'builds' | 'versions' | 'none';

/** Image Builder's types of resources, as they stand in ARNs, and whether they have versions and build numbers. */
export const imageBuilderResourceTypes = {
  component: 'builds',
  'workflow/build': 'builds',
  'workflow/test': 'builds',
  'workflow/distribution': 'builds',
  image: 'builds',
  'image-recipe': 'versions',
  'container-recipe': 'versions',
  'infrastructure-configuration': 'none',
  'distribution-configuration': 'none',
  'image-pipeline': 'none',
  'lifecycle-policy': 'none',
} as const satisfies Record<string, Versioning>;

export type ImageBuilderResourceType = keyof typeof imageBuilderResourceTypes;

/** `arn:aws:imagebuilder:REGION:ACCOUNT:TYPE/NAME[/VERSION[/BUILD]]`. */
export interface ImageBuilderArn {
  readonly partition: string;
  readonly region: string;
  /** An account of twelve digits, `aws` for what comes with the service, or `aws-marketplace` and the like. */
  readonly owner: string;
  readonly type: ImageBuilderResourceType;
  /** As ARNs write it: lower case, `-` for spaces. */
  readonly name: string;
  readonly version: VersionPattern | null;
  readonly build: number | null;
}

/** How much an ARN says: a name, a version with `x`, a version, or one build of it. */
export type ArnForm = 'name' | 'wildcard' | 'version' | 'build';

const types = Object.keys(imageBuilderResourceTypes) as ImageBuilderResourceType[];
const formNames: Readonly<Record<ArnForm, string>> = {
  name: 'no version',
  wildcard: 'a version with x (1.0.x)',
  version: 'a version (1.0.0)',
  build: 'a version and a build number (1.0.0/1)',
};

/** The name of a resource as its ARN writes it: lower case, with `-` for spaces. Throws for what is no name of a resource. */
export function nameInArn(name: string): string {
  if (!/^[-_A-Za-z0-9][-_A-Za-z0-9 ]{1,126}[-_A-Za-z0-9]$/.test(name)) {
    throw new ImageBuilderArnError(
      'INVALID_NAME',
      `The name ${quoted(name)} is not valid: it takes 3 to 128 of letters, digits, -, _ and, not at its ends, spaces.`,
    );
  }
  return name.toLowerCase().replaceAll(' ', '-');
}

export function arnForm({ version, build }: Pick<ImageBuilderArn, 'version' | 'build'>): ArnForm {
  if (build !== null) return 'build';
  if (version === null) return 'name';
  return exactVersion(version) === null ? 'wildcard' : 'version';
}

/** Reads an ARN of any of Image Builder's resources. Throws ImageBuilderArnError for everything else. */
export function parseImageBuilderArn(text: string): ImageBuilderArn {
  const refuse = (reason: string): never => {
    throw new ImageBuilderArnError('INVALID_ARN', `The ARN ${quoted(text)} is not valid: ${reason}.`);
  };
  const parts = text.split(':');
  const [scheme = '', partition = '', service = '', region = '', owner = '', resource = ''] = parts;
  if (parts.length !== 6 || scheme !== 'arn') {
    return refuse(
      'it must be arn:aws:imagebuilder:REGION:ACCOUNT:TYPE/NAME, with a version where the type has versions',
    );
  }
  if (!/^aws[a-z-]*$/.test(partition)) return refuse(`${quoted(partition)} is no partition such as aws`);
  if (service !== 'imagebuilder') return refuse(`the service is ${quoted(service)}, not imagebuilder`);
  if (!/^[a-z0-9-]+$/.test(region)) return refuse(`${quoted(region)} is no Region`);
  if (!/^(?:[0-9]{12}|aws(?:-[a-z]+)*)$/.test(owner)) return refuse('the owner must be an account of 12 digits or aws');
  const type = types.find((each) => resource.startsWith(`${each}/`));
  if (type === undefined) return refuse(`the resource must begin with one of ${types.join('/, ')}/`);
  const [name = '', versionText, buildText, ...rest] = resource.slice(type.length + 1).split('/');
  if (!/^[a-z0-9_-]+$/.test(name)) {
    return refuse('the name in an ARN takes lower-case letters, digits, - and _ (spaces are written as -)');
  }
  const versioning: Versioning = imageBuilderResourceTypes[type];
  if (versionText !== undefined && versioning === 'none') return refuse(`an ARN of type ${type} has no version`);
  const version = versionText === undefined ? null : readVersion(versionText, refuse);
  if (buildText === undefined || version === null)
    return { partition, region, owner, type, name, version, build: null };
  if (versioning === 'versions') return refuse(`an ARN of type ${type} has no build number`);
  if (exactVersion(version) === null) return refuse('a build number stands only after a version without x');
  if (rest.length > 0) return refuse('nothing may follow the build number');
  if (!/^[1-9][0-9]{0,9}$/.test(buildText)) return refuse('the build number must be a whole number, 1 or more');
  return { partition, region, owner, type, name, version, build: Number(buildText) };
}

function readVersion(text: string, refuse: (reason: string) => never): VersionPattern {
  try {
    return parseVersionPattern(text);
  } catch (error) {
    if (!(error instanceof SemanticVersionError)) throw error;
    const reason = error.message.replace(/\.$/, '');
    return refuse(reason.charAt(0).toLowerCase() + reason.slice(1));
  }
}

/** Reads an ARN that must be of one of some types and say as much as one of some forms. */
export function parseArnOf(
  text: string,
  allowedTypes: readonly ImageBuilderResourceType[],
  forms: readonly ArnForm[],
): ImageBuilderArn {
  const arn = parseImageBuilderArn(text);
  const refuse = (reason: string): never => {
    throw new ImageBuilderArnError('INVALID_ARN', `The ARN ${quoted(text)} cannot be used here: ${reason}.`);
  };
  if (!allowedTypes.includes(arn.type)) {
    return refuse(`it is of type ${arn.type}, expected ${allowedTypes.join(' or ')}`);
  }
  const form = arnForm(arn);
  if (!forms.includes(form)) {
    return refuse(`it has ${formNames[form]}, expected ${forms.map((each) => formNames[each]).join(' or ')}`);
  }
  return arn;
}

/** The text of an ARN. */
export function writeImageBuilderArn({
  partition,
  region,
  owner,
  type,
  name,
  version,
  build,
}: ImageBuilderArn): string {
  const resource = [
    type,
    name,
    ...(version === null ? [] : [formatVersionPattern(version)]),
    ...(build === null ? [] : [build]),
  ];
  return `arn:${partition}:imagebuilder:${region}:${owner}:${resource.join('/')}`;
}

/** The ARNs with `x` that replies carry (user guide, "Using version references"); the last names all builds of the version. */
export interface LatestVersionReferences {
  readonly latestVersionArn: string;
  readonly latestMajorVersionArn: string;
  readonly latestMinorVersionArn: string;
  readonly latestPatchVersionArn: string;
}

/** The references of a resource with a version, none for one without. */
export function latestVersionReferences(arn: ImageBuilderArn): LatestVersionReferences | null {
  if (arn.version === null || exactVersion(arn.version) === null) return null;
  const { fixed } = arn.version;
  const write = (count: number) =>
    writeImageBuilderArn({ ...arn, version: { fixed: fixed.slice(0, count) }, build: null });
  return {
    latestVersionArn: write(0),
    latestMajorVersionArn: write(1),
    latestMinorVersionArn: write(2),
    latestPatchVersionArn: write(3),
  };
}
