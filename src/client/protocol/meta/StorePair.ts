import { high32, low32 } from '../../../util/uint64';
import { OVERWRITTEN_CAS } from '../../model/Item';
import { Outcome } from '../Protocol';
import type { MetaReply } from './MetaReply';

/** A store whose CAS a second request reads back. The two replies become one. */
export class StorePair {
    /** Whether the first reply has arrived. */
    isOpen = false;
    private outcome: number = Outcome.OK;
    private words = '';

    open({ outcome, words }: MetaReply): void {
        this.isOpen = true;
        this.outcome = outcome;
        this.words = words;
    }

    /**
     * Turns the second reply into the reply to the store. The CAS belongs to the request if the
     * item still has its value. Otherwise another client has changed the item. The store has taken
     * place, so the outcome must not allow the caller to repeat it.
     */
    settle(reply: MetaReply, sent: string | Uint8Array): void {
        this.isOpen = false;
        if (this.outcome !== Outcome.OK) {
            reply.outcome = this.outcome;
            reply.words = this.words;
        } else if (reply.outcome === Outcome.NOT_FOUND || (reply.outcome === Outcome.OK && !hasValue(reply, sent))) {
            reply.outcome = Outcome.OK;
            reply.casHigh = high32(OVERWRITTEN_CAS);
            reply.casLow = low32(OVERWRITTEN_CAS);
        }
        if (reply.outcome !== Outcome.OK) reply.casHigh = reply.casLow = 0;
        reply.valueBytes = 0;
    }
}

function hasValue({ buffer, valueAt, valueBytes }: MetaReply, sent: string | Uint8Array): boolean {
    const bytes = typeof sent === 'string' ? Buffer.from(sent) : sent;
    return bytes.length === valueBytes && buffer.compare(bytes, 0, valueBytes, valueAt, valueAt + valueBytes) === 0;
}
