export { hostDpkg } from './dpkg.ts';
export { fetchReleaseFile } from './package-store.ts';
export { readReleaseIndex } from './release-index.ts';
export { updateAgent } from './update-agent.ts';
export { UpdateError } from './update-error.ts';

/** What an agent that was installed from its package knows about updating itself. */
export interface SelfUpdateSettings {
  /** How long a new version has to report in before the old one is put back. */
  readonly reportInSeconds: number;
  /** False where the owner of the machine wants no updates that the control plane begins. */
  readonly isAllowed: boolean;
}
