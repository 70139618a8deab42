const TEXT_REPLY = /^(ERROR|CLIENT_ERROR|SERVER_ERROR|VERSION|HTTP\/|-ERR)/;

const TLS_ALERT = 0x15;
const TLS_MAJOR = 3;

/** Says what the bytes are that do not start a reply of the binary protocol. */
export function describeBytes(b: Buffer, at: number): string {
    const text = TEXT_REPLY.exec(b.toString('latin1', at, at + 16));
    if (text !== null) return `it answers in text (${text[1]}), not in memcached's binary protocol`;
    if (b[at] === TLS_ALERT && b[at + 1] === TLS_MAJOR) return 'it answers in TLS, and was not spoken to in TLS';
    return `a reply starts with byte 0x${b[at]!.toString(16).padStart(2, '0')} instead of 0x81`;
}
