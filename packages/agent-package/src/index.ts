export { type PackageArchitecture, packageArchitectures } from './build/architectures.ts';
export { type BuiltPackage, buildAgentPackage, type PackageRequest } from './build/build-agent-package.ts';
export { PackageBuildError } from './build/package-build-error.ts';
