export { type PackageUrlParts, packageUrlOf } from './package-url.ts';
