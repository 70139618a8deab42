import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import memcached from '../../scripts/memcached.cjs';
import { ask } from '../server/text.mjs';

/**
 * The time after which a call that has not settled counts as hanging. The options of each client
 * set a timeout of one second.
 */
const LIMIT_MS = 20_000;
const CALLS = 100;

const within = (promise, ms, otherwise) => Promise.race([promise, sleep(ms, otherwise, { ref: false })]);

/** Makes many gets at once. `outcome` counts the gets that do not settle. */
function manyGets(client) {
    let settled = 0;
    const calls = Array.from({ length: CALLS }, (_, i) =>
        client.get(`key${i}`).then(
            () => {},
            () => {},
        ),
    );
    const all = Promise.all(calls.map(call => call.then(() => settled++)));
    return {
        async outcome() {
            await within(all, LIMIT_MS);
            const isGood = settled === CALLS;
            return { isGood, says: isGood ? 'all settle' : `${CALLS - settled} of ${CALLS} hang` };
        },
    };
}

const asText = value => (value === null ? 'nothing' : value.toString());

/**
 * The questions that a service has about its client. Each question runs in its own process against
 * its own server. `isGood` means that the client behaves as a service expects.
 * @type {Record<string, { title: string, ask: (open: (port: number) => Promise<any>) => Promise<{ isGood: boolean, says: string }> }>}
 */
export const questions = {
    killed: {
        title: 'the server dies with 100 gets in flight',
        async ask(open) {
            const server = await memcached.startMemcached();
            const client = await open(server.port);
            await client.set('key', 'value');
            await server.stop();
            const gets = manyGets(client);
            await sleep(100);
            await server.end();
            return gets.outcome();
        },
    },
    silent: {
        title: 'the server accepts 100 gets and says nothing',
        async ask(open) {
            const server = await memcached.startMemcached();
            const client = await open(server.port);
            await client.set('key', 'value');
            await server.stop();
            return manyGets(client).outcome();
        },
    },
    closed: {
        title: 'the connection is closed with 100 gets in flight',
        async ask(open) {
            const server = await memcached.startMemcached();
            const proxy = await startProxy(server.port);
            const client = await open(proxy.port);
            await client.set('key', 'value');
            proxy.endAtNextRequest();
            return manyGets(client).outcome();
        },
    },
    restarted: {
        title: 'the server was restarted: reads and writes again within 5 s',
        async ask(open) {
            const server = await memcached.startMemcached();
            const { port } = server;
            const client = await open(port);
            await client.set('key', 'before');
            await server.end();
            await within(
                client.get('key').catch(() => {}),
                2000,
            );
            await memcached.startMemcached({ port });
            const works = async () => {
                await client.set('key', 'after');
                return asText(await client.get('key')) === 'after';
            };
            for (const begun = performance.now(); performance.now() - begun < 5000; await sleep(50)) {
                if (
                    await within(
                        works().catch(() => false),
                        2000,
                        false,
                    )
                )
                    return { isGood: true, says: 'yes' };
            }
            return { isGood: false, says: 'no' };
        },
    },
    halfReply: {
        title: 'a connection breaks in the middle of a reply: later answers are right',
        async ask(open) {
            const server = await memcached.startMemcached();
            const proxy = await startProxy(server.port);
            const client = await open(proxy.port);
            await client.set('one', 'value of one');
            await client.set('two', 'value of two');
            proxy.cutNextReply();
            await within(
                client.get('one').catch(() => {}),
                2000,
            );
            for (const begun = performance.now(); performance.now() - begun < 5000; await sleep(50)) {
                const answer = await within(
                    client
                        .get('two')
                        .then(asText)
                        .catch(() => null),
                    2000,
                    null,
                );
                if (answer === null) continue;
                const isGood = answer === 'value of two';
                return { isGood, says: isGood ? 'yes' : 'no: the value of another key' };
            }
            return { isGood: false, says: 'none come' };
        },
    },
    expiry: {
        title: 'an expiry of half a second',
        async ask(open) {
            const server = await memcached.startMemcached();
            const client = await open(server.port);
            const stored = await within(
                client.set('key', 'value', 0.5).then(
                    () => 'stored',
                    () => 'refused',
                ),
                3000,
                'hangs',
            );
            if (stored !== 'stored') return { isGood: stored === 'refused', says: stored };
            await sleep(3000);
            const isGone = (await ask(server.port, 'get key\r\n', 'END\r\n')).toString() === 'END\r\n';
            return { isGood: isGone, says: isGone ? 'expires' : 'kept for ever' };
        },
    },
    counter: {
        title: 'counters of more than 32 bits',
        async ask(open) {
            const server = await memcached.startMemcached();
            const client = await open(server.port);
            for (const [power, start] of [
                ['2³²', 2n ** 32n - 1n],
                ['2⁵³', 2n ** 53n],
            ]) {
                await client.set('n', String(start));
                const answer = await within(
                    client.increment('n', 1).catch(() => null),
                    3000,
                    null,
                );
                if (String(answer) !== String(start + 1n)) return { isGood: false, says: `wrong from ${power} on` };
            }
            return { isGood: true, says: 'right' };
        },
    },
    prepend: {
        title: 'prepend prepends',
        async ask(open) {
            const server = await memcached.startMemcached();
            const client = await open(server.port);
            await client.set('text', 'b');
            await client.prepend('text', 'a');
            const answer = asText(await client.get('text'));
            return { isGood: answer === 'ab', says: answer === 'ab' ? 'yes' : `no: "${answer}"` };
        },
    },
    bytes: {
        title: 'a Buffer comes back byte by byte',
        async ask(open) {
            const server = await memcached.startMemcached();
            const client = await open(server.port);
            const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
            const stored = await client.set('bytes', bytes).catch(error => error);
            if (stored instanceof Error) return { isGood: false, says: 'refused' };
            const answer = await within(
                client.get('bytes').catch(() => null),
                3000,
                null,
            );
            const isGood = Buffer.isBuffer(answer) && answer.equals(bytes);
            return { isGood, says: isGood ? 'yes' : 'no' };
        },
    },
    injection: {
        title: 'a key with a line break cannot inject a second command',
        async ask(open) {
            const server = await memcached.startMemcached();
            const client = await open(server.port);
            const key = 'x\r\nset smuggled 0 0 3\r\nhey\r\nget x';
            await within(
                client.get(key).catch(() => {}),
                2000,
            );
            const found = (await ask(server.port, 'get smuggled\r\n', 'END\r\n')).toString();
            const isGood = found === 'END\r\n';
            return { isGood, says: isGood ? 'yes' : 'no: it was executed' };
        },
    },
    exit: {
        title: 'after `close` the process ends by itself',
        async ask(open) {
            const server = await memcached.startMemcached();
            const client = await open(server.port);
            await client.set('key', 'value');
            await client.close();
            server.unref();
            // The parent process waits for the end of this process.
            return { isGood: true, says: 'yes', mustEnd: true };
        },
    },
};

/**
 * Starts a proxy that forwards all bytes. On demand the proxy ends the connection at the next
 * request, or in the middle of the next reply.
 */
async function startProxy(port) {
    let isToCut = false;
    let isToEnd = false;
    const proxy = createServer(socket => {
        const server = connect(port, '127.0.0.1');
        socket.on('error', () => {}).on('close', () => server.destroy());
        server.on('error', () => {}).on('close', () => socket.destroy());
        socket.on('data', chunk => {
            if (!isToEnd) return void server.write(chunk);
            isToEnd = false;
            socket.end();
        });
        server.on('data', chunk => {
            if (!isToCut) return void socket.write(chunk);
            isToCut = false;
            socket.end(chunk.subarray(0, chunk.length - 5));
        });
    });
    await new Promise(resolve => proxy.listen(0, '127.0.0.1', resolve));
    return {
        port: proxy.address().port,
        cutNextReply: () => (isToCut = true),
        endAtNextRequest: () => (isToEnd = true),
    };
}
