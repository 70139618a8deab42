import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { useOpener, useServer } from '../support/Opener';
import { sleep } from '../support/sleep';
import { storeOf } from './useStore';

const server = useServer();
const open = useOpener();

/** Returns the remaining seconds of the key `value` of this test, -1 if it stays for ever. */
async function secondsLeft(): Promise<number> {
    const [, token = ''] = (await ask(`get ${open.key}##namespace`)).split('\r\n');
    const reply = await ask(`mg ${open.key}##${token}:value t`);
    expect(reply).toMatch(/^HD t-?\d+/);
    return Number(reply.slice('HD t'.length));
}

/** Sends a line of the text protocol, and returns the reply. */
async function ask(line: string): Promise<string> {
    const socket = connect(server.port, server.host);
    socket.end(`${line}\r\nquit\r\n`);
    return text(socket);
}

/** Returns how long the value of a store was there, in ms. */
async function lifetime(ttl: number, namespace: string): Promise<{ ttl: number; ms: number }> {
    const { store } = storeOf(open, server, { namespace });
    await store.get('key');
    const start = performance.now();
    await store.set('key', 'value', ttl);
    for (;;) {
        const asked = performance.now();
        if ((await store.get('key')) === undefined) return { ttl, ms: asked - start };
        await sleep(5);
    }
}

it('keeps a value for at least its ttl', async () => {
    const lives: Promise<{ ttl: number; ms: number }>[] = [];
    // memcached's clock ticks once a second. So the values begin at ten phases of it.
    for (let phase = 0; phase < 10; phase++) {
        for (const ttl of [1, 500, 1000, 1001]) lives.push(lifetime(ttl, `life${ttl}-${phase}`));
        await sleep(100);
    }
    expect((await Promise.all(lives)).filter(({ ttl, ms }) => ms < ttl)).toEqual([]);
});

it('gives the ttl to memcached, with the time that memcached may be early', async () => {
    const { store } = storeOf(open, server);
    await store.set('value', 'x', 60_000);
    expect(await secondsLeft()).toBeGreaterThanOrEqual(60);
    expect(await secondsLeft()).toBeLessThanOrEqual(63);
    const days = 60 * 24 * 60 * 60;
    await store.set('value', 'x', days * 1000);
    expect(await secondsLeft()).toBeGreaterThanOrEqual(days);
});

it.each([undefined, 0, Infinity])('keeps a value with the ttl %s for more than ten years', async ttl => {
    const { store, errors } = storeOf(open, server);
    await store.set('value', 'x', ttl);
    const left = await secondsLeft();
    expect(left === -1 || left > 10 * 365 * 24 * 60 * 60).toBe(true);
    expect(errors).toEqual([]);
});

it('keeps a value without a ttl for options.timeout if that is set', async () => {
    const { store } = storeOf(open, server, { options: { timeout: 100_000 } });
    await store.set('value', 'x');
    expect(await secondsLeft()).toBeLessThanOrEqual(100);
});

it('removes a value when its ttl is negative', async () => {
    const { store } = storeOf(open, server);
    await store.set('key', 'old');
    expect(await store.set('key', 'expired', -1)).toBe(true);
    expect(await store.get('key')).toBeUndefined();
});

it('reports a ttl that is no number', async () => {
    const { store } = storeOf(open, server);
    await expect(store.set('key', 'x', '60' as unknown as number)).rejects.toMatchObject({ code: 'INVALID_TTL' });
});

it('does not have a value whose envelope has expired, while memcached still has it', async () => {
    const { store } = storeOf(open, server);
    const expires = Date.now() + 100;
    const envelopes = [{ value: 1, expires }, JSON.stringify({ value: 1, expires })];
    const keys = ['object', 'text'];
    await store.setMany(keys.map((key, i) => ({ key, value: envelopes[i], ttl: 100 })));
    expect(await store.hasMany(keys)).toEqual([true, true]);
    while (Date.now() <= expires) await sleep(10);
    expect(await store.hasMany(keys)).toEqual([false, false]);
    expect(await store.has('text')).toBe(false);
});
