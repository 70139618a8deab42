import type { Protocol } from '../Protocol';
import { BinaryDecoder } from './BinaryDecoder';
import { BinaryWriter } from './BinaryWriter';

export const binaryProtocol: Protocol = {
    name: 'binary',
    minVersion: [],
    canBeProxied: false,
    // A server that speaks only text waits for the end of a line. This CR LF makes it answer.
    firstOpaque: 0x0d0a,
    open: onReply => ({ writer: new BinaryWriter(), decoder: new BinaryDecoder(onReply) }),
};
