import type { Socket } from 'node:net';
import type { MemcachedClient } from 'pip-services4-memcached-node';
import { useOpener } from '../support/Opener';
import { answer, type ScriptedServer } from '../support/server/ScriptedServer';

const ROUNDS = 30;
const VALUE = Buffer.alloc(3000);

const open = useOpener();
let server: ScriptedServer;
let client: MemcachedClient;

beforeEach(async () => {
    server = await open.scripted((request, socket, connection) => connection === 0 && answer(request, socket));
    client = await open.client(server, { requestTimeoutMs: 2000, connectTimeoutMs: 100, failures: 2 });
});

/** Sends enough bytes at once to make the pool grow, and adds non-idempotent calls. */
function burst(): Promise<unknown> {
    const stores = Array.from({ length: 200 }, (_, i) => client.set(`key${i}`, VALUE));
    return Promise.all([...stores, ...Array.from({ length: 20 }, () => client.touch('n', 1)), client.append('a', 'b')]);
}

const refusals: [string, () => void][] = [
    ['is refused', () => server.refuse()],
    ['is ignored', () => {}],
    ['is closed', () => (server.onSocket = socket => socket.end('ERROR Too many open connections\r\n'))],
    ['is closed after its first request', () => (server.script = closeFurther)],
];

function closeFurther(request: Buffer, socket: Socket, connection: number): void {
    if (connection === 0) answer(request, socket);
    else socket.destroy();
}

it.each(refusals)(
    'loses no call to an extra connection that %s, and pauses before another attempt',
    async (_, refuse) => {
        refuse();
        for (let i = 0; i < ROUNDS; i++) await burst();
        // The attempt may still be in flight.
        while (client.socketCount > 1) await burst();
        for (let i = 0; i < ROUNDS; i++) await burst();
        expect(client.getStats()[0]).toMatchObject({ isUp: true, failed: 0, retries: 0, connects: 2, fault: null });
    },
);

it('uses an extra connection once it has answered', async () => {
    const asked: number[] = [];
    server.script = (request, socket, connection) => {
        asked[connection] = (asked[connection] ?? 0) + 1;
        answer(request, socket);
    };
    while (!(asked[1]! > 10)) await burst();
    expect(client.getStats()[0]).toMatchObject({ failed: 0, retries: 0 });
});
