import type { ImageSetting } from '@patchbay/patching';
import type { ConfigChanges } from '../images/index.ts';

/** An instruction of a Dockerfile as the change of the image's configuration that it is. */
export function changesOf(setting: ImageSetting): ConfigChanges {
  switch (setting.name) {
    case 'environment':
      return { environment: Object.fromEntries(setting.variables) };
    case 'labels':
      return { labels: Object.fromEntries(setting.labels) };
    case 'user':
      return { user: setting.user };
    case 'working-directory':
      return { workingDirectory: setting.path };
    case 'exposed-ports':
      return { exposedPorts: setting.ports };
    case 'volumes':
      return { volumes: setting.paths };
    case 'stop-signal':
      return { stopSignal: setting.signal };
    case 'command':
      return { command: setting.argv };
    case 'entrypoint':
      return { entrypoint: setting.argv, ...(setting.clearsCommand ? { command: null } : {}) };
  }
}
