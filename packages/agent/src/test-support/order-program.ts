import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PatchOrder } from '@patchbay/contracts';
import { carryOutOrder } from '../other-agent/index.ts';
import { readOrderParts } from './order-stage.ts';

/** Carries out `order.json` of a folder, as a process that a test can kill. */
const [folder = ''] = process.argv.slice(2);
await carryOutOrder(JSON.parse(readFileSync(join(folder, 'order.json'), 'utf8')) as PatchOrder, readOrderParts(folder));
