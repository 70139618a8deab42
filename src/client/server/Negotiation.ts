import { ClosedByServerError, HandshakeRejectedError, NoReplyError } from '../channel/socketErrors';
import type { ClientSettings } from '../model/ClientOptions';
import type { ServerIdentity } from '../model/ServerIdentity';
import { binaryProtocol } from '../protocol/binary';
import { metaProtocol } from '../protocol/meta';
import type { Protocol } from '../protocol/Protocol';
import { ForeignReplyError, neitherProtocol } from '../protocol/replyErrors';

const CHOICES = {
    auto: [binaryProtocol, metaProtocol],
    binary: [binaryProtocol],
    meta: [metaProtocol],
} as const satisfies Record<ClientSettings['protocol'], readonly Protocol[]>;

interface Refusal {
    readonly protocol: Protocol;
    readonly fault: Error;
}

/**
 * The choice of the protocol for each connection to one server.
 *
 *     first choice ─ refused ─→ the other one ─ refused ─→ fault with both reasons
 *          │                         │
 *          └──────── answered ───────┴─→ remembered, and the first choice from then on
 *
 * A server refuses a protocol when it answers in another one, closes the connection, or is silent.
 * The first refusal is no fault of the server. Its next connection follows at once.
 */
export class Negotiation {
    /** The server of the last working connection. */
    identity: ServerIdentity | null = null;
    private remembered: Protocol | null = null;
    private refusal: Refusal | null = null;
    private readonly choices: readonly Protocol[];

    constructor(private readonly mode: ClientSettings['protocol']) {
        this.choices = CHOICES[mode];
    }

    /** Returns a new negotiation with the same experience. */
    copy(): Negotiation {
        const copy = new Negotiation(this.mode);
        copy.remembered = this.remembered;
        return copy;
    }

    /** Returns the protocol of the next connection. */
    get protocol(): Protocol {
        const { refusal, remembered, choices } = this;
        if (refusal !== null) return choices.find(one => one !== refusal.protocol)!;
        return remembered ?? choices[0]!;
    }

    /** Returns the maximum number of connections until the server has answered or is at fault. */
    get maxAttempts(): number {
        return this.remembered === null ? this.choices.length : 1;
    }

    /** Records that the server answers in this protocol. */
    accept(protocol: Protocol, identity: ServerIdentity): void {
        const { refusal } = this;
        this.identity = identity;
        this.refusal = null;
        // A memcached process answers binary requests, if only with an error. If it closes the
        // connection or is silent, it is about to stop. A proxy closes it on purpose.
        const isCoincidence =
            refusal?.protocol === binaryProtocol && !(refusal.fault instanceof ForeignReplyError) && !identity.isProxy;
        if (!isCoincidence) this.remembered = protocol;
    }

    /**
     * Judges a connection that has failed before its first call. Returns the fault of the server,
     * or null if the other protocol is worth a connection at once.
     * @param wasConnected whether TCP and TLS worked
     * @param isDown whether the server was down before
     */
    judge(protocol: Protocol, fault: Error, wasConnected: boolean, isDown: boolean): Error | null {
        const { refusal, remembered, choices } = this;
        this.refusal = null;
        if (!wasConnected || !isRefusal(fault)) return fault;
        if (refusal !== null) return neitherProtocol(refusal, { protocol, fault });
        // A server that has spoken the protocol is silent for other reasons.
        const isHung = fault instanceof NoReplyError && remembered === protocol && !isDown;
        if (choices.length === 1 || isHung) return fault;
        this.refusal = { protocol, fault };
        // A server that is down gets one connection per probe. The next probe tries the other protocol.
        return isDown && !(fault instanceof ForeignReplyError) ? fault : null;
    }

    /** Forgets a closed server. Another program may take its place. */
    forget(): void {
        this.remembered = null;
        this.refusal = null;
    }
}

function isRefusal(fault: Error): boolean {
    if (fault instanceof HandshakeRejectedError) return false;
    return [ForeignReplyError, ClosedByServerError, NoReplyError].some(one => fault instanceof one);
}
