import { once } from 'node:events';
import type { Socket } from 'node:net';

export interface Reply {
    status: number;
    cas: bigint;
    value: string;
}

const HEADER = 24;

/**
 * Sends one request and returns its reply. The function bypasses the client, because its callers
 * test servers only.
 */
export async function exchange(
    socket: Socket,
    {
        opcode = 0x00,
        key = '',
        value = '',
        extras = '',
    }: Partial<Record<'key' | 'value' | 'extras', string>> & { opcode?: number },
): Promise<Reply> {
    const body = Buffer.from(extras + key + value);
    const header = Buffer.alloc(HEADER);
    header[0] = 0x80;
    header[1] = opcode;
    header.writeUInt16BE(Buffer.byteLength(key), 2);
    header.writeUInt8(Buffer.byteLength(extras), 4);
    header.writeUInt32BE(body.length, 8);
    socket.write(Buffer.concat([header, body]));
    return readReply(socket);
}

async function readReply(socket: Socket): Promise<Reply> {
    let received = Buffer.alloc(0);
    while (received.length < HEADER || received.length < HEADER + received.readUInt32BE(8)) {
        received = Buffer.concat([received, await nextChunk(socket)]);
    }
    const extrasLength = received.readUInt8(4);
    return {
        status: received.readUInt16BE(6),
        cas: received.readBigUInt64BE(16),
        value: received.toString('utf8', HEADER + extrasLength),
    };
}

async function nextChunk(socket: Socket): Promise<Buffer> {
    const done = new AbortController();
    const { signal } = done;
    const closed = once(socket, 'close', { signal }).then(() =>
        Promise.reject(new Error('the server closed the connection')),
    );
    try {
        const [chunk] = (await Promise.race([once(socket, 'data', { signal }), closed])) as [Buffer];
        return chunk;
    } finally {
        done.abort();
    }
}

export const get = (key: string) => ({ opcode: 0x00, key });
export const set = (key: string, value: string) => ({ opcode: 0x01, key, value, extras: '\0'.repeat(8) });
export const version = () => ({ opcode: 0x0b });
export const saslMechanisms = () => ({ opcode: 0x20 });
export const saslPlain = (username: string, password: string) => ({
    opcode: 0x21,
    key: 'PLAIN',
    value: `\0${username}\0${password}`,
});
