export {
  type LeftAlone,
  type LocalControlPlane,
  type LocalControlPlaneOptions,
  type LocalDecisions,
  openLocalControlPlane,
} from './local-control-plane.ts';
export { LocalControlPlaneError } from './local-control-plane-error.ts';
export { type PackageChange, type PatchRootRequest, type PatchRootResult, patchRoot } from './patch-root.ts';
export type { PackageSelection } from './select-packages.ts';
