const EXPIRY_SECONDS = 600;

/**
 * The requests of the floor by protocol, prepared as `{ bytes, replyBytes }`. Each reply has a
 * known length, because the floor only counts bytes. `value` returns the value in the reply to a
 * get, and `isRight` tells whether a reply is a success.
 */
export const wires = { binary: binary(), meta: meta() };

function binary() {
    const HEADER_BYTES = 24;
    const OPCODES = { get: 0x00, set: 0x01, getQuietly: 0x09, noop: 0x0a };
    const request = (opcode, key = '', value = '') => {
        const isSet = opcode === OPCODES.set;
        const extras = Buffer.alloc(isSet ? 8 : 0);
        if (isSet) extras.writeUInt32BE(EXPIRY_SECONDS, 4);
        const header = Buffer.alloc(HEADER_BYTES);
        header[0] = 0x80;
        header[1] = opcode;
        header.writeUInt16BE(key.length, 2);
        header[4] = extras.length;
        header.writeUInt32BE(extras.length + key.length + value.length, 8);
        return Buffer.concat([header, extras, Buffer.from(key), Buffer.from(value)]);
    };
    const hitBytes = value => HEADER_BYTES + 4 + value.length;
    return {
        get: (key, value) => ({ bytes: request(OPCODES.get, key), replyBytes: hitBytes(value) }),
        set: (key, value) => ({ bytes: request(OPCODES.set, key, value), replyBytes: HEADER_BYTES }),
        getMany: entries => ({
            bytes: Buffer.concat([...entries.map(([key]) => request(OPCODES.getQuietly, key)), request(OPCODES.noop)]),
            replyBytes: entries.reduce((sum, [, value]) => sum + hitBytes(value), HEADER_BYTES),
        }),
        value: reply => reply.subarray(HEADER_BYTES + 4),
        isRight: reply => reply[0] === 0x81 && reply.readUInt16BE(6) === 0,
    };
}

/** Returns the requests, with the flags of the client but no CAS, whose length varies. */
function meta() {
    const get = key => `mg ${key} v f O00\r\n`;
    const hit = value => `VA ${value.length} f0 O00\r\n${value}\r\n`;
    const call = (request, reply) => ({ bytes: Buffer.from(request), replyBytes: reply.length });
    return {
        get: (key, value) => call(get(key), hit(value)),
        set: (key, value) => call(`ms ${key} ${value.length} T${EXPIRY_SECONDS} O00\r\n${value}\r\n`, 'HD O00\r\n'),
        getMany: entries =>
            call(
                `${entries.map(([key]) => get(key)).join('')}mn\r\n`,
                `${entries.map(([, value]) => hit(value)).join('')}MN\r\n`,
            ),
        value: reply => reply.subarray(reply.indexOf('\n') + 1, -2),
        isRight: reply => /^(HD|VA \d+ f0) O00\r\n/.test(reply.toString('latin1')),
    };
}
