import { codeOf } from '../support/codeOf';
import { useOpener } from '../support/Opener';

const open = useOpener();

/** A caller that blocks the event loop makes this many calls in some seconds. */
const MAX_CALLS = 1_000_000;

describe('a caller that repeats calls without a pause', () => {
    it.each([false, true])('does not block the recovery of a server (fail_soft: %p)', async failSoft => {
        const server = await open.server();
        const cache = await open.cache(server, { failures: 1, retries: 0, retry: 100, fail_soft: failSoft });
        await server.kill();
        const storing = server.restart().then(async () => {
            const other = await open.cache(server);
            await other.store(null, 'key', 'value', 60_000);
        });
        const answers = new Set<string>();
        for (let i = 0; i < MAX_CALLS && !answers.has('answered value'); i++)
            answers.add(await codeOf(cache.retrieve(null, 'key')));
        expect(answers).toContain('answered value');
        expect(answers).toContain(failSoft ? 'answered null' : 'SERVER_DOWN');
        await storing;
    });

    it('does not keep the client from reading the replies of other calls', async () => {
        const server = await open.server();
        const client = await open.client(server, { maxPending: 2 });
        const others = [client.get('a'), client.get('b')];
        let code = await codeOf(client.get('c'));
        expect(code).toBe('OVERLOADED');
        for (let i = 0; i < MAX_CALLS && code === 'OVERLOADED'; i++) code = await codeOf(client.get('c'));
        expect(code).not.toBe('OVERLOADED');
        await Promise.all(others);
    });
});
