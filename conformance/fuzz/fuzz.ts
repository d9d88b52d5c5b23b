import { exchange, type WireAnswer } from './exchange.ts';
import { judgeAnswer } from './judge-answer.ts';
import { LearnedTexts } from './learned-texts.ts';
import { type PlannedRequest, planRequests, writeRequest } from './requests.ts';
import { createScene } from './scene.ts';
import type { FuzzedServer } from './start-fuzzed-server.ts';

export interface FuzzOptions {
  /** The same seed sends the same requests, but for the ids that the server draws. */
  readonly seed: number;
  readonly requests: number;
  /** After so many requests a new scene is built and the heap is measured. */
  readonly windowRequests: number;
}

export interface Fault {
  readonly what: string;
  readonly request: PlannedRequest;
  readonly answer: WireAnswer | undefined;
}

export interface FuzzReport {
  readonly seed: number;
  readonly requests: number;
  /** How many requests ended so: a status, `closed` or `silent`. */
  readonly endings: ReadonlyMap<string, number>;
  /** Targets that answered 200 at least once to a request whose bytes were not spoilt. */
  readonly accepted: ReadonlySet<string>;
  readonly faults: readonly Fault[];
  /** After every window, garbage collected. */
  readonly heapBytes: readonly number[];
}

const concurrency = 8;
const patienceMilliseconds = 20_000;
/** For requests that may have lost their end: the server waits for it, and that it can be left again matters here. */
const spoiltPatienceMilliseconds = 400;
/** For polls, which wait for a message. */
const pollPatienceMilliseconds = 100;

/** Sends requests of all kinds to a server and says what it did wrong. Stops early when the server has ended. */
export async function fuzz(
  server: FuzzedServer,
  options: FuzzOptions,
  onWindow: (sent: number, heapBytes: number) => void = () => {},
): Promise<FuzzReport> {
  const endings = new Map<string, number>();
  const accepted = new Set<string>();
  const faults: Fault[] = [];
  const heapBytes: number[] = [];
  let sent = 0;
  while (sent < options.requests && server.ending() === undefined) {
    const scene = await createScene(server, `${options.seed}-${sent}`, options.seed + sent);
    const learned = new LearnedTexts(scene.initial);
    const count = Math.min(options.windowRequests, options.requests - sent);
    const planned = planRequests(scene, options.seed + sent, count);
    await inParallel(planned, async (request) => {
      if (server.ending() !== undefined) return;
      const bytes = writeRequest(request, { server, scene, learned });
      const outcome = await exchange(server.url, bytes, patienceFor(request));
      const answer = typeof outcome === 'string' ? undefined : outcome;
      const ending = typeof outcome === 'string' ? outcome : String(outcome.statusCode);
      endings.set(ending, (endings.get(ending) ?? 0) + 1);
      if (answer?.statusCode === 200 && !request.mutation) {
        accepted.add(request.target);
        learned.learn(request.target, answer.text);
      }
      const what = answer ? judgeAnswer(answer) : request.mutation || isPoll(request) ? undefined : ending;
      if (what !== undefined) faults.push({ what, request, answer });
    });
    sent += planned.length;
    if (server.ending() === undefined) {
      heapBytes.push(await server.measureHeap());
      onWindow(sent, heapBytes.at(-1) ?? 0);
    }
  }
  return { seed: options.seed, requests: sent, endings, accepted, faults, heapBytes };
}

function isPoll({ target }: PlannedRequest): boolean {
  return target.endsWith('.GetMessages');
}

function patienceFor(request: PlannedRequest): number {
  if (isPoll(request)) return pollPatienceMilliseconds;
  return request.mutation ? spoiltPatienceMilliseconds : patienceMilliseconds;
}

async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

/** One line per fault of its kind, the first request of each: enough to write the test that fails. */
export function describeFaults({ faults, seed }: FuzzReport): string {
  const byKind = new Map<string, { readonly first: Fault; readonly count: number }>();
  for (const fault of faults) {
    const kind = `${fault.what} of ${fault.request.mutation ? fault.request.mutation.what : fault.request.target}`;
    const known = byKind.get(kind);
    byKind.set(kind, { first: known?.first ?? fault, count: (known?.count ?? 0) + 1 });
  }
  return [...byKind]
    .map(([kind, { first, count }]) => {
      const { target, caller, body } = first.request;
      return `${count}x ${kind} (seed ${seed}, ${target} as ${caller}): ${body.slice(0, 600)}\n    ${first.answer?.text.slice(0, 300) ?? ''}`;
    })
    .join('\n');
}
