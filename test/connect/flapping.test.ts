import { useOpener } from '../support/Opener';
import { verbOf } from '../support/proxy/messages';
import { answer } from '../support/server/ScriptedServer';

const open = useOpener();

it('logs only the first changes when a server answers probes but fails calls', async () => {
    let probes = 0;
    const server = await open.scripted((request, socket) => {
        const verb = verbOf(request);
        if (verb !== 'version' && verb !== 'noop') return socket.destroy();
        if (verb === 'noop') probes++;
        answer(request, socket);
    });
    const cache = await open.cache(server, { fail_soft: true, failures: 1, retries: 0 });
    while (probes < 50) {
        expect(await cache.retrieve(null, 'key')).toBeNull();
        await new Promise(setImmediate);
    }
    expect(open.logger.count(/is down/)).toBe(2);
    expect(open.logger.count(/is up again/)).toBe(2);
    expect(open.logger.count(/continuing without the cache/)).toBe(1);
    expect(open.logger.lines).toHaveLength(5);
});
