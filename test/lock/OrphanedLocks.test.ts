import type { Commands } from '../../src/client/Commands';
import { OrphanedLocks } from '../../src/lock/OrphanedLocks';

const HOUR_MS = 3_600_000;

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/**
 * A fake server with at most one token under each key. The server records the times of its reads.
 */
class FakeServer {
    readonly looks: number[] = [];
    readonly held = new Map<string, string>();
    error: Error | null = null;
    cleaned = 0;
    private readonly begunMs = performance.now();
    readonly abandoned = new OrphanedLocks({ commands: this as unknown as Commands }, () => this.cleaned++);
    readonly cluster = { homeServer: () => ({ epoch: 0 }) };
    /** The verbs for requests that a component makes for itself. */
    readonly internal = this;

    async gets(key: string) {
        this.looks.push(performance.now() - this.begunMs);
        if (this.error !== null) throw this.error;
        const token = this.held.get(key);
        return { value: token === undefined ? null : Buffer.from(token), cas: 1n };
    }

    async casDelete(key: string) {
        return this.held.delete(key) ? 'deleted' : 'missing';
    }
}

const failing = (code: string): Error => Object.assign(new Error(code), { code });

describe('OrphanedLocks', () => {
    it('checks after 0.25 s, then doubles each pause up to 10 s', async () => {
        const server = new FakeServer();
        server.error = failing('TIMEOUT');
        server.abandoned.add('key', 'token', HOUR_MS);
        await jest.advanceTimersByTimeAsync(40_000);
        const pauses = server.looks.map((at, i) => at - (server.looks[i - 1] ?? 0));
        expect(pauses).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
        await server.abandoned.flush();
    });

    it('deletes its own token, and forgets it', async () => {
        const server = new FakeServer();
        server.held.set('key', 'token');
        server.abandoned.add('key', 'token', HOUR_MS);
        await jest.advanceTimersByTimeAsync(250);
        expect([server.held.size, server.cleaned, server.abandoned.size, jest.getTimerCount()]).toEqual([0, 1, 0, 0]);
    });

    it('deletes its own token when it appears late, after any number of reads without it', async () => {
        const server = new FakeServer();
        server.abandoned.add('key', 'token', HOUR_MS);
        await jest.advanceTimersByTimeAsync(HOUR_MS / 2);
        expect(server.cleaned).toBe(0);
        server.held.set('key', 'token');
        await jest.advanceTimersByTimeAsync(10_000);
        expect([server.held.size, server.cleaned, server.abandoned.size]).toEqual([0, 1, 0]);
    });

    it('keeps the token of another holder, and checks until the ttl is over', async () => {
        const server = new FakeServer();
        server.held.set('key', 'theirs');
        server.abandoned.add('key', 'token', 15_000);
        await jest.advanceTimersByTimeAsync(HOUR_MS);
        expect(server.looks).toEqual([250, 750, 1750, 3750, 7750, 15_750, 25_750]);
        expect([server.held.get('key'), server.cleaned, server.abandoned.size]).toEqual(['theirs', 0, 0]);
    });

    it('starts over with another orphaned token under the key', async () => {
        const server = new FakeServer();
        server.abandoned.add('key', 'one', HOUR_MS);
        await jest.advanceTimersByTimeAsync(800);
        server.abandoned.add('key', 'two', HOUR_MS);
        await jest.advanceTimersByTimeAsync(2000);
        expect(server.looks).toEqual([250, 750, 1050, 1550, 2550]);
        await server.abandoned.flush();
    });

    it('stops five seconds after the ttl, when the server has removed the token', async () => {
        const server = new FakeServer();
        server.error = failing('TIMEOUT');
        server.abandoned.add('key', 'token', 1000);
        await jest.advanceTimersByTimeAsync(HOUR_MS);
        expect(server.looks).toEqual([250, 750, 1750, 3750, 7750]);
        expect(server.abandoned.size).toBe(0);
    });

    it('stops when the component closes', async () => {
        const server = new FakeServer();
        server.error = failing('NOT_OPENED');
        server.abandoned.add('key', 'token', HOUR_MS);
        await jest.advanceTimersByTimeAsync(HOUR_MS);
        expect([server.looks.length, server.abandoned.size]).toEqual([1, 0]);
    });

    it('checks once more in flush', async () => {
        const server = new FakeServer();
        server.held.set('key', 'token');
        server.abandoned.add('key', 'token', HOUR_MS);
        await server.abandoned.flush();
        expect([server.held.size, server.abandoned.size, jest.getTimerCount()]).toEqual([0, 0, 0]);
    });

    it('deletes the token of a key on demand', async () => {
        const server = new FakeServer();
        server.held.set('key', 'token');
        server.abandoned.add('key', 'token', HOUR_MS);
        // Both searches find the token, and the second one finds it deleted.
        const searches = [server.abandoned.deleteNow('key'), server.abandoned.deleteNow('key')];
        expect(await Promise.all(searches)).toEqual([true, true]);
        expect([await server.abandoned.deleteNow('key'), server.cleaned]).toEqual([true, 1]);
        server.held.set('key', 'of another holder');
        expect(await server.abandoned.deleteNow('key')).toBe(false);
        expect(await server.abandoned.deleteNow('other')).toBe(false);
        await server.abandoned.flush();
    });

    it('keeps at most 1000 keys, and the newest 20 tokens of each key', async () => {
        const server = new FakeServer();
        for (let i = 0; i <= 1000; i++) server.abandoned.add(`key:${i}`, 'token', HOUR_MS);
        expect(server.abandoned.size).toBe(1000);
        server.held.set('key:0', 'token');
        expect(await server.abandoned.deleteNow('key:0')).toBe(false);
        for (let i = 0; i < 20; i++) server.abandoned.add('key:1', `token:${i}`, HOUR_MS);
        server.held.set('key:1', 'token');
        expect(await server.abandoned.deleteNow('key:1')).toBe(false);
        server.held.set('key:1', 'token:0');
        expect(await server.abandoned.deleteNow('key:1')).toBe(true);
        await server.abandoned.flush();
    });
});
