import { tracingChannel } from 'node:diagnostics_channel';
import type { CommandTrace } from 'pip-services4-memcached-node';

const EVENTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;

/** The traces of a channel: its events in order, and their contexts. */
export interface Traces<C> {
    readonly events: string[];
    readonly contexts: C[];
    stop(): void;
}

/** Records all events of a tracing channel until `stop`. */
export function recordTraces<C extends object>(name: string): Traces<C> {
    const events: string[] = [];
    const contexts: C[] = [];
    const record = (event: string) => (context: C) => {
        events.push(event);
        if (!contexts.includes(context)) contexts.push(context);
    };
    const subscribers = Object.fromEntries(EVENTS.map(event => [event, record(event)])) as never;
    const tracing = tracingChannel<unknown, C>(`pip-services4-memcached:${name}`);
    tracing.subscribe(subscribers);
    return { events, contexts, stop: () => void tracing.unsubscribe(subscribers) };
}

/**
 * Returns the operations and the keys of the commands that start during the work. Those of callers
 * and those that a component makes for itself are apart.
 */
export async function recordSenders(work: () => Promise<unknown>): Promise<{ callers: string[]; internal: string[] }> {
    const senders = { callers: [] as string[], internal: [] as string[] };
    const record = (message: unknown): void => {
        const { operation, key, isInternal } = message as CommandTrace;
        senders[isInternal ? 'internal' : 'callers'].push(key === undefined ? operation : `${operation} ${key}`);
    };
    const { start } = tracingChannel('pip-services4-memcached:command');
    start.subscribe(record);
    try {
        await work();
    } finally {
        start.unsubscribe(record);
    }
    return senders;
}
