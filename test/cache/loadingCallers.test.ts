import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import { readItem } from '../support/server/textProtocol';
import { sleep } from '../support/sleep';
import { heldLoader, never, notAsked } from './loaders';
import { useCache } from './useCache';

const server = useServer();
const open = useOpener();
const cache = useCache(server);
const other = useCache(server);

describe('a loader that never settles', () => {
    it('rejects every caller with LOAD_TIMEOUT and the trace id, and aborts the signal', async () => {
        let signal: AbortSignal | null = null;
        const load = (given: AbortSignal) => {
            signal = given;
            return never();
        };
        const options = { loadTimeout: 200 };
        const asked = Array.from({ length: 10 }, () => cache.retrieveOrLoad('trace-1', open.key, 1000, load, options));
        for (const one of asked) {
            await expect(one).rejects.toMatchObject({
                code: 'LOAD_TIMEOUT',
                trace_id: 'trace-1',
                details: { key: open.key },
            });
        }
        expect(signal!.reason).toMatchObject({ code: 'LOAD_TIMEOUT' });
        expect(await cache.retrieveOrLoad(null, open.key, 30_000, () => 'value')).toBe('value');
    });

    it('does not prevent other processes from loading', async () => {
        const { called, load } = heldLoader();
        const asked = codeOf(cache.retrieveOrLoad(null, open.key, 30_000, load, { loadTimeout: 1500 }));
        await called;
        const waited = await other.retrieveOrLoad(null, open.key, 30_000, () => 'value', { loadTimeout: 500 });
        expect(waited).toBe('value');
        expect(await asked).toBe('LOAD_TIMEOUT');
    });

    it('causes LOAD_TIMEOUT when it loads its own key', async () => {
        const load = (): Promise<unknown> => cache.retrieveOrLoad(null, open.key, 30_000, load);
        expect(await codeOf(cache.retrieveOrLoad(null, open.key, 30_000, load, { loadTimeout: 300 }))).toBe(
            'LOAD_TIMEOUT',
        );
    });

    it('is ignored when it settles after the timeout, even with an error', async () => {
        let reject: (error: Error) => void;
        const load = () => new Promise((_, fail) => (reject = fail));
        expect(await codeOf(cache.retrieveOrLoad(null, open.key, 30_000, load, { loadTimeout: 50 }))).toBe(
            'LOAD_TIMEOUT',
        );
        reject!(new Error('late'));
        await sleep(20);
        expect(await cache.retrieve(null, open.key)).toBeNull();
    });
});

it('runs the loader of the first caller with its options', async () => {
    const first = cache.retrieveOrLoad(null, open.key, 30_000, never, { loadTimeout: 300 });
    const second = cache.retrieveOrLoad(null, open.key, 30_000, notAsked, { loadTimeout: 60_000 });
    expect([await codeOf(first), await codeOf(second)]).toEqual(['LOAD_TIMEOUT', 'LOAD_TIMEOUT']);
});

describe('the signal of a caller', () => {
    it('rejects only its own caller, at once and with the reason', async () => {
        const { called, load, finish } = heldLoader<string>();
        const gone = new AbortController();
        const asked = [gone.signal, null, new AbortController().signal].map(signal =>
            cache.retrieveOrLoad(null, open.key, 30_000, load, { signal }),
        );
        await called;
        const reason = new Error('gone');
        gone.abort(reason);
        await expect(asked[0]).rejects.toBe(reason);
        finish('value');
        expect(await Promise.all(asked.slice(1))).toEqual(['value', 'value']);
    });

    it('aborts the loader when every caller has aborted, and lets later callers start a new load', async () => {
        const controllers = Array.from({ length: 20 }, () => new AbortController());
        let loading: AbortSignal | null = null;
        const load = (signal: AbortSignal) => {
            loading = signal;
            return never();
        };
        const asked = controllers.map(({ signal }) => cache.retrieveOrLoad(null, open.key, 30_000, load, { signal }));
        const settled = Promise.allSettled(asked);
        await sleep(100);
        for (const one of controllers.slice(1)) one.abort();
        expect(loading!.aborted).toBe(false);
        controllers[0]!.abort(new Error('the last one'));
        expect(loading!.reason).toMatchObject({ message: 'the last one' });
        await settled;
        expect(await cache.retrieveOrLoad(null, open.key, 30_000, () => 'value')).toBe('value');
    });

    it('prevents a call of the loader when it aborts while another process loads', async () => {
        const { called, load, finish } = heldLoader<string>();
        const theirs = other.retrieveOrLoad(null, open.key, 30_000, load);
        await called;
        const { loads } = cache.getStats();
        const controller = new AbortController();
        const { signal } = controller;
        const asked = cache.retrieveOrLoad(null, open.key, 30_000, notAsked, { signal });
        await sleep(50);
        controller.abort(new Error('gone'));
        await expect(asked).rejects.toThrow('gone');
        finish('theirs');
        expect(await theirs).toBe('theirs');
        expect(cache.getStats().loads).toBe(loads);
    });

    it('prevents any request when it aborts before the call', async () => {
        const reason = new Error('before');
        const asked = cache.retrieveOrLoad(null, open.key, 30_000, notAsked, { signal: AbortSignal.abort(reason) });
        await expect(asked).rejects.toBe(reason);
    });

    it('prevents a load when it aborts during the read', async () => {
        const controller = new AbortController();
        const asked = cache.retrieveOrLoad(null, open.key, 30_000, notAsked, { signal: controller.signal });
        controller.abort();
        await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
        await sleep(50);
        expect(await readItem(server, open.key)).toBeNull();
    });

    it('prevents a load when it aborts after the read of a call that takes stale values', async () => {
        const { loads } = cache.getStats();
        for (let turns = 0; turns < 5; turns++) {
            const controller = new AbortController();
            const options = { staleFor: 1000, signal: controller.signal };
            // The replies to both reads arrive together.
            const first = cache.retrieve(null, 'missing').then(async () => {
                for (let i = 0; i < turns; i++) await Promise.resolve();
                controller.abort();
            });
            const asked = cache.retrieveOrLoad(null, open.key, 30_000, notAsked, options);
            await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
            await first;
        }
        await sleep(50);
        expect(cache.getStats().loads).toBe(loads);
    });

    it('serves many calls without a warning of too many listeners', async () => {
        const controller = new AbortController();
        const warned = jest.fn();
        process.on('warning', warned);
        const asked = Array.from({ length: 100 }, (_, i) =>
            cache.retrieveOrLoad(null, `${open.key}-${i % 50}`, 1000, never, { signal: controller.signal }),
        );
        const settled = Promise.allSettled(asked);
        await sleep(100);
        controller.abort(new Error('gone'));
        for (const one of await settled) expect(one).toMatchObject({ reason: { message: 'gone' } });
        expect(warned).not.toHaveBeenCalled();
        process.off('warning', warned);
    });

    it('keeps no listener after a hit', async () => {
        const { signal } = new AbortController();
        const add = jest.spyOn(signal, 'addEventListener');
        const remove = jest.spyOn(signal, 'removeEventListener');
        await cache.retrieveOrLoad(null, open.key, 30_000, () => 'value', { signal });
        expect(await cache.retrieveOrLoad(null, open.key, 30_000, notAsked, { signal })).toBe('value');
        expect(remove).toHaveBeenCalledTimes(add.mock.calls.length);
    });
});
