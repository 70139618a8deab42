import { MemcachedCache } from 'pip-services4-memcached-node';
import { KeyvMemcached } from 'pip-services4-memcached-node/keyv';
import { useServer } from '../../support/Opener';
import { configOf } from '../../support/settings';
import { VERSIONS, type KeyvClass } from './keyvs';
import { requirePackage } from './packages.cjs';

/** What Keyv's test suite needs of a test runner. */
interface Runner {
    it(title: string, body: (t: { expect: typeof expect }) => unknown): void;
    beforeEach(body: () => Promise<void>): void;
    afterEach(body: () => Promise<void>): void;
}
type Suite = (runner: Runner, Keyv: KeyvClass, store: () => KeyvMemcached) => void;

const { default: suite } = requirePackage('@keyv/test-suite') as { default: Suite };

/**
 * The suite is for Keyv 5, whose `deleteMany` answers with one boolean. Keyv 6 answers with one for
 * each key, and the suite expects the list to be falsy. Keyv 6 fails this with each store.
 */
const FAILS_ON_6 = '.deleteMany([keys]) with nonexistent keys resolves to false';

const server = useServer();
const cache = new MemcachedCache();
beforeAll(async () => {
    cache.configure(configOf(server, { prefix: 'suite:' }));
    await cache.open(null);
});
afterAll(() => cache.close(null));

describe.each(VERSIONS)('@keyv/test-suite on %s', (version, Keyv) => {
    const isFailing = (title: string): boolean => version === 'Keyv 6' && title === FAILS_ON_6;
    const runner: Runner = {
        it(title, body) {
            (isFailing(title) ? it.failing : it)(title, async () => void (await body({ expect })));
        },
        beforeEach,
        afterEach,
    };
    suite(runner, Keyv, () => new KeyvMemcached({ cache }));
});

it('fails on Keyv 6 what its own store fails', async () => {
    const [, Keyv6] = VERSIONS[1]!;
    expect(await new Keyv6().deleteMany(['none'])).toEqual([false]);
});
