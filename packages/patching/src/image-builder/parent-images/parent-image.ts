import { AppError } from '@patchbay/facts';
import { quoted } from '../../schedules/schedule-error.ts';
import { type ImageBuilderArn, parseArnOf } from '../arns/image-builder-arn.ts';
import { type ImageReference, parseImageReference } from './image-reference.ts';

/** A parent image that no recipe can build upon; the message says what can be. */
export class ParentImageError extends AppError<'PARENT_IMAGE'> {}

/** A base image that comes with Patchbay, as Amazon's do, under the owner `aws`. */
export interface ManagedImage {
  /** As ARNs write it. */
  readonly name: string;
  /** The codename of the release that it is bootstrapped from. */
  readonly release: string;
  /** What components with `supportedOsVersions` are compared with. */
  readonly osVersion: string;
}

export const managedImages: readonly ManagedImage[] = [
  { name: 'debian-12-x86', release: 'bookworm', osVersion: 'Debian 12' },
  { name: 'debian-13-x86', release: 'trixie', osVersion: 'Debian 13' },
];

/** What a recipe builds upon. Whether an own image exists, and what is in a registry, is not known here. */
export type ParentImage =
  | { readonly kind: 'managed'; readonly arn: ImageBuilderArn; readonly image: ManagedImage }
  | { readonly kind: 'own'; readonly arn: ImageBuilderArn }
  | { readonly kind: 'reference'; readonly reference: ImageReference }
  /** What lies on builders, and which image of it where there are several. */
  | { readonly kind: 'builder'; readonly path: string; readonly imageName: string | null };

const FILE_NAME = '[A-Za-z0-9][A-Za-z0-9._+-]*';
const ON_BUILDER = new RegExp(`^builder://(${FILE_NAME}(?:/${FILE_NAME})*)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?$`);

/** Reads the parent image of a recipe. Throws ParentImageError and ImageBuilderArnError. */
export function readParentImage(text: string): ParentImage {
  const refuse = (reason: string): never => {
    throw new ParentImageError('PARENT_IMAGE', `The parent image ${quoted(text)} cannot be used: ${reason}.`);
  };
  if (text.startsWith('arn:')) {
    const arn = parseArnOf(text, ['image'], ['wildcard', 'version', 'build']);
    if (/^\d/.test(arn.owner)) return { kind: 'own', arn };
    const image = managedImages.find(({ name }) => name === arn.name);
    if (arn.owner === 'aws' && image !== undefined) return { kind: 'managed', arn, image };
    return refuse(`there is no such managed image; known are ${managedImages.map(({ name }) => name).join(', ')}`);
  }
  if (/^ami-[0-9a-f]+$/.test(text)) return refuse('it is an AMI, and there are none outside of AWS');
  if (text.startsWith('ssm:')) return refuse('parameters are not looked up: name the image itself');
  if (text.startsWith('builder://')) {
    const [, path, imageName = null] = ON_BUILDER.exec(text) ?? [];
    if (path !== undefined) return { kind: 'builder', path, imageName };
    return refuse('after builder:// comes the path of an image on builders, such as builder://base/root.tar');
  }
  const reference = parseImageReference(text);
  if (reference !== null) return { kind: 'reference', reference };
  return refuse(
    'it must be the ARN of an image, an image in a registry such as debian:12 or registry.example/team/app@sha256:…, or one on builders such as builder://base/root.tar',
  );
}
