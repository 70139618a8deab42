import { codeOf } from '../support/codeOf';
import { useOpener } from '../support/Opener';
import { sleep } from '../support/sleep';

const open = useOpener();

describe('a restart that ends before the server counts as down', () => {
    it('causes misses, but neither an error of an idempotent call nor a log line', async () => {
        const server = await open.server();
        const cache = await open.cache(server, {
            failures: 1000,
            retries: 100,
            reconnect: 20,
            request_timeout: 20_000,
        });
        await cache.store(null, 'key', 'value', 60_000);
        const calls: Promise<string>[] = [];
        let isOver = false;
        const restarting = server.restart().finally(() => (isOver = true));
        while (!isOver) {
            calls.push(codeOf(cache.retrieve(null, 'key')), codeOf(cache.store(null, 'other', 1, 60_000)));
            await sleep(2);
        }
        await restarting;
        expect(new Set([...(await Promise.all(calls))].filter(answer => answer !== 'answered value'))).toEqual(
            new Set(['answered null', 'answered 1']),
        );
        expect(cache.getStats().servers[0]!.connects).toBeGreaterThan(1);
        expect(open.logger.lines).toEqual([]);
    });
});
