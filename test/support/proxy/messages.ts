import { claiming, expiryOfFrame, frameLength, frameVerb, isFrame, readFrame } from './binaryFrames';
import { claimingValue, expiryOfText, readText, textLength, verbOfTextReply } from './textMessages';
import type { Request, Verb } from './verbs';

/**
 * Splits a stream of requests or replies, and passes each complete one to a callback.
 * The first byte of each tells its protocol.
 */
export class MessageSplitter {
    private rest: Buffer = Buffer.alloc(0);

    constructor(private readonly onMessage: (message: Buffer) => void) {}

    push(chunk: Buffer): void {
        this.rest = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
        while (this.rest.length > 0) {
            const length = isFrame(this.rest) ? frameLength(this.rest) : textLength(this.rest);
            if (this.rest.length < length) return;
            const message = this.rest.subarray(0, length);
            this.rest = this.rest.subarray(length);
            this.onMessage(message);
        }
    }
}

/** Returns the verb of the request that starts a write. */
export function verbOf(write: Buffer): Verb | undefined {
    return isFrame(write) ? frameVerb(write) : readText(write).verb;
}

/** Returns the verb of the request to which this is the reply, if the reply reveals it. */
export function verbOfReply(reply: Buffer): Verb | undefined {
    return isFrame(reply) ? frameVerb(reply) : verbOfTextReply(reply);
}

/** Returns the expiry of the store that starts a write. */
export function expiryIn(write: Buffer): number {
    return isFrame(write) ? expiryOfFrame(write) : expiryOfText(write);
}

/** Returns a copy of the reply that claims another length of its body or value. */
export function claimingBytes(reply: Buffer, bytes: number): Buffer {
    return isFrame(reply) ? claiming(reply, bytes) : claimingValue(reply, bytes);
}

/** Returns the complete messages in these bytes. */
export function messagesIn(bytes: Buffer): Buffer[] {
    const messages: Buffer[] = [];
    new MessageSplitter(message => messages.push(message)).push(bytes);
    return messages;
}

/** Returns the verb and the key of each request in a write. */
export function requestsIn(write: Buffer): Request[] {
    return messagesIn(write).map(request => (isFrame(request) ? readFrame(request) : readText(request)));
}
