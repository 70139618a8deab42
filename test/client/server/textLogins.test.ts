import { codeOf } from '../../support/codeOf';
import { useOpener } from '../../support/Opener';
import { RecordingObserver } from '../../support/RecordingObserver';
import { readItem, readStat } from '../../support/server/textProtocol';
import { sleep } from '../../support/sleep';

const login = { username: 'ann', password: 'hunter2' };
const open = useOpener();

it('leaves no password on a server without logins', async () => {
    const server = await open.server({ args: ['-B', 'ascii'] });
    const client = await open.client({ ...at(server), login });
    await client.set('key', 'value');
    expect(client.getStats()[0]).toMatchObject({ protocol: 'meta' });
    expect(await readItem(server, 'login')).toBeNull();
    expect(await readStat(server, 'curr_items')).toBe(1);
});

it('logs in to a server with an auth file on every connection', async () => {
    const server = await open.server({ textLogin: login });
    const client = await open.client({ ...at(server), login }, { idleMs: 20 });
    for (let i = 0; i < 3; i++) {
        expect(await client.set('key', 'value')).toBe(true);
        while (client.socketCount > 0) await new Promise(setImmediate);
    }
    expect(client.getStats()[0]).toMatchObject({ protocol: 'meta', failed: 0, fault: null });
});

it.each([
    ['a wrong password', { ...login, password: 'secret' }],
    ['a wrong user name', { ...login, username: 'bob' }],
    ['no login', undefined],
])('makes few attempts with %s, and tells no password', async (_, wrong) => {
    const server = await open.server({ textLogin: login });
    const observer = new RecordingObserver();
    const client = open.clientOf({ ...at(server), login: wrong }, { observer });
    const errors: unknown[] = [];
    const keep = (error: unknown): void => void errors.push(error);
    await client.open({ allowUnavailable: true }).catch(keep);
    expect(
        await codeOf(
            client
                .get('key')
                .catch(keep)
                .then(() => client.open()),
        ),
    ).toBe('AUTH_FAILED');
    const other = await open.client([at(await open.server()), { ...at(server), login: wrong }], { observer });
    const keys = Array.from({ length: 50 }, (_, i) => `key${i}`);
    const results = await Promise.all(keys.map(key => codeOf(other.get(key).catch(keep))));
    expect(results.every(result => result.startsWith('answered'))).toBe(true);
    const { connects } = other.getStats()[1]!;
    await sleep(500);
    await Promise.all(keys.map(key => other.get(key).catch(keep)));
    // One attempt over each protocol, and no further one for the next half minute.
    expect(other.getStats()[1]!.connects).toBe(connects);
    expect(connects).toBeLessThanOrEqual(2);
    expect(new Set(errors.map(error => (error as { code: string }).code))).toEqual(
        new Set(['AUTH_FAILED', ...(errors.some(isNotOpened) ? ['NOT_OPENED'] : [])]),
    );
    expect(errors.map(String).join('\n') + observer.heard.join('\n')).not.toMatch(/hunter2|secret/);
});

function at({ host, port }: { host: string; port: number }): { host: string; port: number } {
    return { host, port };
}

function isNotOpened(error: unknown): boolean {
    return (error as { code: string }).code === 'NOT_OPENED';
}
