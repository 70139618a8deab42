import { KeyvMemcached } from 'pip-services4-memcached-node/keyv';
import { configOf } from '../../support/settings';
import { MemcachedCache } from 'pip-services4-memcached-node';
import { requirePackage } from './packages.cjs';
import { useServer } from '../../support/Opener';

interface Harness {
    it(title: string, body: (t: { expect: typeof expect }) => unknown): void;
    beforeEach(body: () => Promise<void>): void;
    afterEach(body: () => Promise<void>): void;
}
type Suite = (harness: Harness, Keyv: unknown, store: () => KeyvMemcached) => void;

const { default: suite } = requirePackage('@keyv/test-suite') as { default: Suite };

/** Tests of the suite that Keyv 6 fails with each store, its own in-memory store included. */
const FAILS_ON_6 = new Map([
    // Keyv 6 answers with one boolean for each key. The suite is for Keyv 5, which has one for all.
    ['.deleteMany([keys]) with nonexistent keys resolves to false', 'an array of false is true'],
    // Keyv 6 emits the error and answers false. Keyv 5 throws it.
    ['value can not be symbol', 'emits an error'],
]);

const server = useServer();
const cache = new MemcachedCache();
beforeAll(async () => {
    cache.configure(configOf(server, { prefix: 'suite:' }));
    await cache.open(null);
});
afterAll(() => cache.close(null));

describe.each([
    ['Keyv 5', 'keyv', new Map<string, string>()],
    ['Keyv 6', 'keyv6', FAILS_ON_6],
])('@keyv/test-suite on %s', (_, name, fails) => {
    const { Keyv } = requirePackage(name) as { Keyv: unknown };
    const harness: Harness = {
        it(title, body) {
            const test = () => body({ expect });
            (fails.has(title) ? it.failing : it)(title, async () => void (await test()));
        },
        beforeEach,
        afterEach,
    };
    suite(harness, Keyv, () => new KeyvMemcached({ cache }));
});
