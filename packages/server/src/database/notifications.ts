import { sql } from 'kysely';
import { Client } from 'pg';
import { z } from 'zod';
import { type ConnectionTarget, clientConfig } from './connection.ts';
import type { Database } from './tables.ts';

const CHANNEL = 'patchbay_wake';
const RECONNECT_DELAYS_MILLISECONDS = [50, 200, 1000, 5000];

const Wake = z.tuple([z.string(), z.string()]);

/** Tells every replica, when the transaction commits, that something changed. Delivered at most once: subscribers re-check. */
export async function notify(transaction: Database, topic: string, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  const payloads = keys.map((key) => JSON.stringify([topic, key]));
  // One transaction delivers equal texts once (PostgreSQL manual, NOTIFY), so waking twice costs nothing.
  await sql`select pg_notify(${CHANNEL}, payload) from unnest(${payloads}::text[]) as payload`.execute(transaction);
}

/** What a subscriber is told: its key was notified, or notifications may have been lost and it must look itself. */
export type WakeReason = 'notified' | 'reconnected';

export interface Notifications {
  /** Calls back until the answered function is called. */
  subscribe(topic: string, key: string, callback: (reason: WakeReason) => void): () => void;
  /** Calls back the subscribers of keys as if they had been notified, here and on no other replica. */
  wakeSubscribers(topic: string, keys: readonly string[]): void;
  /** False while the connection is down: only polling finds changes then. */
  isConnected(): boolean;
  stop(): Promise<void>;
}

/** Listens on one connection of its own; reconnects by itself and then wakes every subscriber. */
export async function startNotifications(
  target: ConnectionTarget,
  onError: (error: Error) => void,
): Promise<Notifications> {
  const subscribers = new Map<string, Set<(reason: WakeReason) => void>>();
  let client: Client | null = null;
  let reconnectTimer: NodeJS.Timeout | null = null;
  let failureCount = 0;
  let isStopped = false;

  const receive = (payload: string | undefined) => {
    const wake = Wake.safeParse(parseJson(payload ?? ''));
    if (!wake.success) return;
    for (const callback of subscribers.get(JSON.stringify(wake.data)) ?? []) callback('notified');
  };

  const connect = async () => {
    const fresh = new Client({ ...clientConfig(target), application_name: 'patchbay-notifications', keepAlive: true });
    const lose = (error?: Error) => {
      if (client !== fresh) return;
      client = null;
      if (error !== undefined) onError(error);
      scheduleReconnect();
    };
    fresh.on('error', lose);
    fresh.on('end', () => lose());
    fresh.on('notification', (message) => receive(message.payload));
    try {
      await fresh.connect();
      await fresh.query(`listen ${CHANNEL}`);
    } catch (error) {
      await fresh.end().catch(() => undefined);
      throw error;
    }
    if (isStopped) await fresh.end();
    else client = fresh;
  };

  const reconnect = async () => {
    try {
      await connect();
      failureCount = 0;
      for (const callbacks of subscribers.values()) for (const callback of callbacks) callback('reconnected');
    } catch (error) {
      onError(error instanceof Error ? error : new Error(String(error)));
      scheduleReconnect();
    }
  };

  const scheduleReconnect = () => {
    if (isStopped || reconnectTimer !== null) return;
    const delay = RECONNECT_DELAYS_MILLISECONDS[Math.min(failureCount, RECONNECT_DELAYS_MILLISECONDS.length - 1)];
    failureCount += 1;
    reconnectTimer = setTimeout(() => {
      reconnectTimer = null;
      void reconnect();
    }, delay);
  };

  await connect();
  return {
    subscribe: (topic, key, callback) => {
      const name = JSON.stringify([topic, key]);
      const callbacks = subscribers.get(name) ?? new Set();
      // A function of its own, so that one callback given twice is two subscriptions.
      const entry = (reason: WakeReason) => callback(reason);
      callbacks.add(entry);
      subscribers.set(name, callbacks);
      return () => {
        callbacks.delete(entry);
        if (callbacks.size === 0 && subscribers.get(name) === callbacks) subscribers.delete(name);
      };
    },
    wakeSubscribers: (topic, keys) => {
      for (const key of keys) {
        for (const callback of subscribers.get(JSON.stringify([topic, key])) ?? []) callback('notified');
      }
    },
    isConnected: () => client !== null,
    stop: async () => {
      isStopped = true;
      if (reconnectTimer !== null) clearTimeout(reconnectTimer);
      const last = client;
      client = null;
      await last?.end();
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Someone else used our channel: not a wake-up of ours.
    return null;
  }
}
