/**
 * Writes the keys of its own groups, and reads the keys of all groups.
 * Arguments: number of this process, port, groups, request timeout in ms.
 */
import { MemcachedCache, MemcachedClient } from 'pip-services4-memcached-node';
import { randomOf } from '../../support/random';
import { testProtocol } from '../../support/protocol';
import { configOf } from '../../support/settings';
import { sleep } from '../../support/sleep';
import type { Value } from '../histories/RegisterHistory';
import { textOf, valueOf } from '../histories/texts';
import { CacheFace, ClientFace, type Face } from './faces';
import { keysOf, type Answer, type Call, type Group, type Order } from './messages';

const [number, port, groupCount, timeoutMs] = process.argv.slice(2).map(Number) as [number, number, number, number];
const READERS = 4;
const REPORT_EVERY_MS = 100;

const random = randomOf(`writer ${number}`);
const below = (limit: number): number => Math.floor(random() * limit);
const tell = (answer: Answer): void => void process.send!(answer);
const now = (): number => Number(process.hrtime.bigint());

let isStopping = false;
let calls: Call[] = [];
let made = 0;
const codes: Record<string, number> = {};

/** Resolves with null when the call rejects, and counts the code. */
async function attempt<T>(call: Promise<T>): Promise<{ result: T } | null> {
    made++;
    try {
        return { result: await call };
    } catch (error) {
        const { code } = error as { code?: string };
        if (code === undefined) throw error;
        codes[code] = (codes[code] ?? 0) + 1;
        return null;
    }
}

async function write(face: Face, keys: string[], value: Value): Promise<void> {
    const [key] = keys as [string];
    const text = value === null ? null : textOf(value, random());
    const beganNs = now();
    const one = (call: Promise<unknown>) => attempt(call.then(() => new Set<string>()));
    const outcome = await (keys.length > 1
        ? attempt(text === null ? face.removeMany(keys) : face.storeMany(keys, text))
        : one(text === null ? face.remove(key) : face.store(key, text)));
    const endedNs = now();
    for (const key of keys) {
        const isDone = outcome !== null && !outcome.result.has(key);
        calls.push([isDone ? 'wrote' : 'failed to write', key, value, beganNs, endedNs]);
    }
}

const given = new Set<string>();

/** Writes a group as its only writer, until an order to return it arrives. */
async function writer(faces: Face[], { name, next }: Group): Promise<void> {
    let value = next;
    const keys = keysOf(name);
    while (!given.has(name) && !isStopping) {
        const some = random() < 0.3 ? keys : [keys[below(keys.length)]!];
        await write(faces[below(faces.length)]!, some, random() < 0.2 ? null : value++);
        await sleep(random() * 30);
    }
    given.delete(name);
    tell({ gave: { name, next: value } });
}

async function reader(faces: Face[]): Promise<void> {
    while (!isStopping) {
        const face = faces[below(faces.length)]!;
        const keys = keysOf(`group${below(groupCount)}`);
        const key = keys[below(keys.length)]!;
        const isMany = random() < 0.3;
        const beganNs = now();
        const found = await attempt(
            isMany ? face.retrieveMany(keys) : face.retrieve(key).then(text => new Map([[key, text]])),
        );
        const endedNs = now();
        for (const [key, text] of found?.result ?? []) calls.push(['found', key, valueOf(text), beganNs, endedNs]);
        await sleep(random() * 6);
    }
}

function report(): void {
    if (calls.length > 0) tell({ calls });
    calls = [];
}

async function main(): Promise<void> {
    const cache = new MemcachedCache();
    cache.configure(configOf({ port }, { request_timeout: timeoutMs }));
    await cache.open(null);
    const client = new MemcachedClient([{ host: '127.0.0.1', port }], {
        protocol: testProtocol,
        requestTimeoutMs: timeoutMs,
    });
    await client.open();
    const faces = [new CacheFace(cache), new ClientFace(client)];

    const work: Promise<void>[] = [];
    const stopped = new Promise<void>(resolve => {
        process.on('message', (order: Order) => {
            if ('take' in order) work.push(writer(faces, order.take));
            else if ('give' in order) given.add(order.give);
            else resolve();
        });
    });
    const reporting = setInterval(report, REPORT_EVERY_MS);
    for (let i = 0; i < READERS; i++) work.push(reader(faces));
    tell({ ready: true });

    await stopped;
    isStopping = true;
    await Promise.all(work);
    clearInterval(reporting);
    await Promise.all([cache.close(null), client.close()]);
    report();
    tell({ made, codes });
    process.disconnect();
}

void main();
