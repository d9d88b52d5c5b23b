import { openDataDirectory } from '../../data-directory/index.ts';
import { startEmbeddedPostgres } from './embedded-postgres.ts';

// Run as a program by the tests that kill a parent: `node start-in-child.test-support.ts DATA_DIRECTORY`.
const dataDirectory = await openDataDirectory(process.argv[2]);
const postgres = await startEmbeddedPostgres({ dataDirectory, isDurable: false });
process.stdout.write(`${postgres.processId()}\n`);
