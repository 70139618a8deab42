import { describeForeign } from '../foreignServers';

const TEXT_REPLY = /^(ERROR|CLIENT_ERROR|SERVER_ERROR|VERSION)/;

const TLS_ALERT = 0x15;
const TLS_MAJOR = 3;

/** Describes bytes that do not start a reply of the binary protocol. */
export function describeBytes(b: Buffer, at: number): string {
    const foreign = describeForeign(b, at);
    if (foreign !== null) return foreign;
    const text = TEXT_REPLY.exec(b.toString('latin1', at, at + 16));
    if (text !== null) return `the server answers in text (${text[1]}) instead of the binary protocol`;
    if (b[at] === TLS_ALERT && b[at + 1] === TLS_MAJOR)
        return 'the server answers in TLS, but the connection does not use TLS';
    return `invalid reply: a frame that starts with byte 0x${b[at]!.toString(16).padStart(2, '0')} instead of 0x81`;
}
