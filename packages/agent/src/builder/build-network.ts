import type { ImageBuildOrder } from '@patchbay/contracts';
import { type DebianArchives, NetworkError, openArchiveNetwork, type ProxiedNetwork } from '../network/index.ts';
import { BuildFailure } from './build-failure.ts';
import type { BuildReport } from './build-report.ts';

const listName = 'the tag patchbay:allowed-hosts';

/**
 * The network that everything in an image's root is in, with the hosts that the tag of the recipe (or of the import) names.
 * @throws BuildFailure for a host that is none; NetworkError, MachineError
 */
export async function openBuildNetwork(
  { allowedHosts }: Pick<ImageBuildOrder, 'allowedHosts'>,
  archives: () => Promise<DebianArchives>,
  report: BuildReport,
): Promise<ProxiedNetwork> {
  try {
    return await openArchiveNetwork({ archives, allowedHosts, listName, report: (line) => report.say(line) });
  } catch (error) {
    if (error instanceof NetworkError && error.code === 'INVALID_HOST') {
      throw new BuildFailure(`The tag patchbay:allowed-hosts: ${error.message}`);
    }
    throw error;
  }
}
