import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/**
 * An item as memcached reports it, without the client. `ttl` is in seconds, and -1 means forever.
 */
export interface HeldItem {
    readonly value: string;
    readonly flags: number;
    readonly ttl: number;
}

/** Reads an item, or returns null on a miss. */
export async function readItem(server: { host: string; port: number }, key: string): Promise<HeldItem | null> {
    const reply = await ask(
        server,
        `mg ${key} t f v\r\n`,
        text => /^(EN|CLIENT_ERROR.*)\r\n$/.test(text) || isWhole(text),
    );
    const [, flags, value] = /^VA \d+ (.*?)\r\n([^]*)\r\n$/.exec(reply) ?? [];
    if (flags === undefined || value === undefined) return null;
    const flag = (letter: string) =>
        Number(
            flags
                .split(' ')
                .find(one => one.startsWith(letter))
                ?.slice(1),
        );
    return { value, flags: flag('f'), ttl: flag('t') };
}

/** Stores any bytes with any flags, as another client does. */
export async function writeItem(
    server: { host: string; port: number },
    key: string,
    value: string | Buffer,
    flags = 0,
): Promise<void> {
    const bytes = Buffer.from(value as string);
    const command = Buffer.concat([
        Buffer.from(`set ${key} ${flags} 100 ${bytes.length}\r\n`),
        bytes,
        Buffer.from('\r\n'),
    ]);
    const reply = await ask(server, command, text => text.endsWith('\r\n'));
    if (reply !== 'STORED\r\n') throw new Error(`memcached says ${reply}`);
}

/** Returns a number of the server from `stats`. */
export async function readStat(server: { host: string; port: number }, name: string): Promise<number> {
    const reply = await ask(server, 'stats\r\n', text => text.endsWith('END\r\n'));
    return Number(new RegExp(`^STAT ${name} (\\d+)`, 'm').exec(reply)?.[1]);
}

/** Empties the server. */
export async function flush(server: { host: string; port: number }): Promise<void> {
    const reply = await ask(server, 'flush_all\r\n', text => text.endsWith('\r\n'));
    if (reply !== 'OK\r\n') throw new Error(`memcached says ${reply}`);
}

function isWhole(text: string): boolean {
    const [line, length] = /^VA (\d+).*\r\n/.exec(text) ?? [];
    return line !== undefined && Buffer.byteLength(text) >= Buffer.byteLength(line) + Number(length) + 2;
}

async function ask(
    { host, port }: { host: string; port: number },
    command: string | Buffer,
    isDone: (text: string) => boolean,
): Promise<string> {
    const socket: Socket = connect(port, host);
    let reply = '';
    socket.setEncoding('utf8').write(command);
    try {
        while (!isDone(reply)) reply += String((await once(socket, 'data'))[0]);
    } finally {
        socket.destroy();
    }
    return reply;
}
