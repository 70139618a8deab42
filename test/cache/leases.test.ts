import { useServer } from '../support/Opener';
import { writeItem } from '../support/server/textProtocol';
import { SideBySide } from '../support/sideBySide';
import { loaderOf } from './loaders';
import { openLoads, SHORT_LEASE } from './openLoads';

const server = useServer();
const alongside = new SideBySide();

describe('A value that is not there', () => {
    alongside.it('is loaded once also by a loader that takes longer than a lease lives', async open => {
        // A second more than SHORT_LEASE: it must outlive every tick of memcached's clock.
        const leaseTimes = { ...SHORT_LEASE, seconds: 3 };
        const { loads: one } = await openLoads(open, server, {}, leaseTimes);
        const { loads: other } = await openLoads(open, server, {}, leaseTimes);
        const loader = loaderOf('value', 3500);
        const asked = one.retrieve(null, 'renewed', 30_000, loader.load, null);
        await loader.called;
        expect(await other.retrieve(null, 'renewed', 30_000, loader.load, null)).toBe('value');
        expect(await asked).toBe('value');
        expect(loader.calls).toBe(1);
    });
});

describe('While a value is loaded', () => {
    alongside.it('somebody who touches the lease of a dead holder does not make it live', async open => {
        await writeItem(server, 'touched', `null${' '.repeat(32)}`, 0x5053_0008);
        const { loads } = await openLoads(open, server, {}, SHORT_LEASE);
        const begun = performance.now();
        const options = { loadTimeout: 60_000 };
        expect(await loads.retrieve(null, 'touched', 30_000, () => 'value', options)).toBe('value');
        expect(performance.now() - begun).toBeLessThan(12_000);
        const reader = await open.cache(server);
        expect(await reader.retrieve(null, 'touched')).toBe('value');
    });
});
