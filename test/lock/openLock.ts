import { ConfigParams, Descriptor, References } from 'pip-services4-components-node';
import { MemcachedLock } from '../../src/lock/MemcachedLock';

export interface OpenedLock {
    readonly lock: MemcachedLock;
    /** What its logger was told to warn of. */
    readonly warnings: string[];
}

const opened: MemcachedLock[] = [];

export async function openLock(
    server: { host?: string; port: number },
    options: Record<string, number | string> = {},
    ...more: { port: number }[]
): Promise<OpenedLock> {
    const lock = new MemcachedLock();
    const tuples = Object.entries(options).flatMap(([key, value]) => [`options.${key}`, value]);
    const { host = '127.0.0.1' } = server;
    const addresses = [server, ...more].map(({ port }) => `${host}:${port}`).join(',');
    lock.configure(ConfigParams.fromTuples('connection.uri', `memcached://${addresses}`, ...tuples));
    const warnings: string[] = [];
    const logger = { info: () => {}, warn: (_context: unknown, message: string) => warnings.push(message) };
    const references = References.fromTuples(new Descriptor('test', 'logger', 'memory', 'default', '1.0'), logger);
    lock.setReferences(references);
    await lock.open(null);
    opened.push(lock);
    return { lock, warnings };
}

/** For `afterEach`. */
export async function closeLocks(): Promise<void> {
    await Promise.all(opened.splice(0).map(lock => lock.close(null)));
}

export const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
        value => value,
        (error: { code?: string }) => error.code ?? error,
    );

export const delay = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));
