import { Descriptor } from 'pip-services4-components-node';
import { ConnectionParams, CredentialParams } from 'pip-services4-config-node';
import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import type { Settings } from '../support/settings';

/** A lookup that stays pending until a call of `answer`. */
class Hanging<T> {
    asked = 0;
    private answers: T | null = null;
    private readonly waiters: ((answer: T) => void)[] = [];

    answer(answer: T): void {
        this.answers = answer;
        for (const wake of this.waiters.splice(0)) wake(answer);
    }

    ask(): Promise<T> {
        this.asked++;
        return this.answers === null
            ? new Promise(resolve => this.waiters.push(resolve))
            : Promise.resolve(this.answers);
    }
}

const DISCOVERY = new Descriptor('test', 'discovery', 'hanging', 'default', '1.0');
const STORE = new Descriptor('test', 'credential-store', 'hanging', 'default', '1.0');

// Jest must use real timers again before the opener closes the hanging components.
afterEach(() => {
    jest.useRealTimers();
});
const open = useOpener();
const server = useServer();

/** Creates a component whose discovery or credential store hangs. */
function hanging(name: string, more: Settings = {}) {
    const discovery = new Hanging<ConnectionParams[]>();
    const store = new Hanging<CredentialParams>();
    const lookups = { resolveAll: () => discovery.ask(), lookup: () => store.ask() };
    const references = open.logger.references(DISCOVERY, lookups, STORE, lookups);
    const [made, what] = name.split(', ') as ['connection' | 'cache' | 'lock', 'discovery' | 'store'];
    const servers = what === 'discovery' ? [] : server;
    const lookup = what === 'discovery' ? 'connection.discovery_key' : 'credential.store_key';
    const one = open[`${made}Of`](servers, { [lookup]: 'memcached', ...more }, references);
    const answer = (): void => {
        discovery.answer([ConnectionParams.fromTuples('host', server.host, 'port', server.port)]);
        store.answer(new CredentialParams());
    };
    return { one, answer, asked: () => discovery.asked + store.asked };
}

const all = ['connection', 'cache', 'lock'].flatMap(made => ['discovery', 'store'].map(what => `${made}, ${what}`));

describe.each(all)('a hanging lookup: %s', name => {
    it.each([{}, { fail_soft: true }])('rejects open after ten seconds, %j', async more => {
        jest.useFakeTimers();
        const { one } = hanging(name, more);
        const opening = codeOf(one.open(null));
        let hasSettled = false;
        void opening.then(() => (hasSettled = true));
        await jest.advanceTimersByTimeAsync(9999);
        expect(hasSettled).toBe(false);
        await jest.advanceTimersByTimeAsync(1);
        expect(await opening).toBe('CONNECT_FAILED');
        expect(jest.getTimerCount()).toBe(0);
        await one.close(null);
    });

    it('rejects open after discovery_interval when that is longer', async () => {
        jest.useFakeTimers();
        const { one } = hanging(name, { discovery_interval: 60_000 });
        const opening = one.open('trace').catch((error: unknown) => error);
        let hasSettled = false;
        void opening.then(() => (hasSettled = true));
        await jest.advanceTimersByTimeAsync(59_999);
        expect(hasSettled).toBe(false);
        await jest.advanceTimersByTimeAsync(1);
        expect(await opening).toMatchObject({
            code: 'CONNECT_FAILED',
            trace_id: 'trace',
            message: expect.stringMatching(/no reply from discovery or a credential store within 60000 ms/),
        });
        await one.close(null);
    });

    it('rejects a pending open in close, and allows a later open', async () => {
        const { one, answer, asked } = hanging(name);
        const opening = one.open('trace').catch((error: unknown) => error);
        const again = codeOf(one.open(null));
        while (asked() === 0) await new Promise(resolve => setImmediate(resolve));
        await one.close(null);
        expect(await opening).toMatchObject({ code: 'NOT_OPENED', trace_id: 'trace' });
        expect(await again).toBe('NOT_OPENED');
        expect(one.isOpen()).toBe(false);
        const later = one.open(null);
        answer();
        await later;
        expect(one.isOpen()).toBe(true);
        await one.close(null);
    });
});
