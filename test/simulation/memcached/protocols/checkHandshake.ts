import { HEADER_BYTES, Opcode, REQUEST_MAGIC } from '../../../../src/client/protocol/binary/constants';
import { frameBytes } from './BinaryFrame';

const OPCODES = new Set<number>([Opcode.SASL_AUTH, Opcode.VERSION, Opcode.NOOP]);
const CALL = /^(m[gsda]|get|add|replace|cas|append|prepend|flush_all)\b/m;

/**
 * Checks the first bytes of a connection. Until the server has proven its protocol it gets no call.
 * It could take a part of a value for a command.
 * @throws Error if the bytes hold more than a handshake
 */
export function checkHandshake(received: Buffer): void {
    if (received[0] !== REQUEST_MAGIC) {
        if (CALL.test(received.toString('latin1'))) throw new Error('a call in text before the handshake has ended');
        return;
    }
    for (let at = 0; received.length - at >= HEADER_BYTES; at += frameBytes(received, at)) {
        const opcode = received[at + 1]!;
        if (!OPCODES.has(opcode)) throw new Error(`a call with opcode ${opcode} before the handshake has ended`);
    }
}
